"""The shop of the release fixture: its data, the changes after its training run, and the recorded requests."""

import csv
import json
import random
import time
from pathlib import Path
from typing import Any

import httpx

USERS, ITEMS, INTERACTIONS, SEED = 120, 60, 2400, 7
HIDDEN, GONE, TO_COME, NEW = "i03", "i05", "i07", "i-new"
MERGED, MERGED_INTO, ERASED, FRESH, TURNED_DOWN = "u011", "u012", "u013", "fresh", "u002"
_KINDS = ["view"] * 12 + ["click"] * 2 + ["cart"] * 2 + ["purchase"] * 3 + ["rating"] * 3 + ["like"]


def write_folder(folder: Path) -> None:
    """Write a data-set folder: taste groups with an order in time, several event types, described items."""
    from models.data.synthetic import generate  # noqa: PLC0415 - of the release that is recorded

    data, chance = generate(USERS, ITEMS, INTERACTIONS, seed=SEED, groups=3), random.Random(SEED)  # noqa: S311
    folder.mkdir()
    with (folder / "interactions.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user_id", "item_id", "event_type", "value", "timestamp", "event_id"])
        for number, row in enumerate(data.interactions.to_pylist()):
            kind = chance.choice(_KINDS)
            value = chance.randint(1, 5) if kind == "rating" else ""
            rows.writerow([row["user_id"], row["item_id"], kind, value, row["timestamp"], f"e{number}"])
    with (folder / "items.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["item_id", "title", "description", "categories", "tags", "price", "attributes"])
        for number, row in enumerate(data.items.to_pylist() if data.items is not None else []):
            brand = ["Fell", "Moor", "Beck"][number % 3]
            attributes = json.dumps({"brand": brand, "size": 36 + number % 9, "waterproof": number % 2 == 0})
            words = f"A {brand} thing for {row['categories'][0]}, number {number % 7}"
            tags = json.dumps([f"tag-{number % 4}", "2026"])
            labels = json.dumps(row["categories"])
            rows.writerow([row["item_id"], row["title"], words, labels, tags, 10 + 3.5 * number, attributes])
    with (folder / "users.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["user_id", "attributes"])
        rows.writerows([[f"u{number:03d}", json.dumps({"age": 20 + number})] for number in range(0, USERS, 3)])


async def call(client: httpx.AsyncClient, method: str, path: str, body: Any = None) -> Any:
    """Make a request that must succeed, and return its answer."""
    answer = await client.request(method, path, json=body)
    if not answer.is_success:
        raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text}")
    return answer.json() if answer.content else None


async def live_on(client: httpx.AsyncClient, moment: int) -> None:
    """Make changes after the training run that are visible in the database."""
    ago = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment - 3600 * hours)) for hours in range(1, 9)]
    new = {"title": "Item 99 of group 1", "categories": ["group-1"], "tags": ["tag-1"], "price": 30.0}
    await call(client, "PUT", f"/items/{NEW}", {**new, "attributes": {"brand": "Moor", "size": 40}})
    await call(client, "PATCH", f"/items/{HIDDEN}", {"hidden": True})
    await call(client, "PATCH", f"/items/{GONE}", {"available_until": "2026-01-01T00:00:00Z"})
    await call(client, "PATCH", f"/items/{TO_COME}", {"available_from": "2199-01-01T00:00:00Z"})
    await call(client, "PUT", f"/users/{FRESH}", {"attributes": {"city": "Keswick"}})
    shown = await call(client, "POST", "/recommend", {"user_id": "u020", "context": {"page": "home"}, "limit": 3})
    about = {"user_id": "u020", "item_id": shown["items"][0]["item_id"], "request_id": shown["request_id"]}
    rows = [
        {"user_id": FRESH, "item_id": "i10", "event_type": "view"},
        {"user_id": FRESH, "item_id": "i11", "event_type": "purchase"},
        {"user_id": FRESH, "item_id": NEW, "event_type": "like"},
        {"user_id": TURNED_DOWN, "item_id": "i20", "event_type": "dislike"},
        {"user_id": "visitor", "item_id": "i12", "event_type": "cart"},
        {**about, "event_type": "shown", "position": 1},
        {**about, "event_type": "click", "position": 1, "context": {"device": "phone"}},
        {"user_id": "u021", "item_id": "i01", "event_type": "rating", "value": 2.0},
    ]
    for number, (row, when) in enumerate(zip(rows, reversed(ago), strict=True)):
        await call(client, "POST", "/interactions", {**row, "timestamp": when, "event_id": f"later-{number}"})
    await call(client, "POST", "/users/visitor/merge", {"into": "u022"})
    await call(client, "POST", f"/users/{MERGED}/merge", {"into": MERGED_INTO})
    await call(client, "DELETE", f"/users/{ERASED}")


def requests() -> list[tuple[str, str, Any]]:
    """Return the requests to both releases; charts come first, so that new interactions are counted before the rest."""
    chosen = {"field": "categories", "in": ["group-0", "group-1"]}
    fell = {"field": "attributes.brand", "eq": "Fell"}
    cheap = {"and": [chosen, {"field": "price", "lte": 100}, {"not": {"field": "tags", "eq": "tag-3"}}]}
    pages = [
        *(f"/popular?limit=20&window={window}" for window in ("all", "7d", "90d")),
        *(f"/trending?window={window}" for window in ("1d", "30d")),
        "/popular?category=group-1",
        *(f"/recommend/u{number:03d}" for number in range(0, USERS, 12)),
        *(f"/recommend/{user}?limit=5" for user in (FRESH, MERGED, MERGED_INTO, ERASED, TURNED_DOWN, "nobody")),
        "/recommend/u020?explain=true&limit=4",
        "/recommend/u020?exclude_seen=false&limit=20",
        "/recommend/u020?diversity=0.5&category=group-0&category=group-2&tag=tag-1",
        *(f"/items/{item}/similar" for item in ("i00", "i21", NEW)),
        *(f"/items/i00/similar?method={method}" for method in ("content", "item_knn", "spectral", "successor")),
        *(f"/users/{user}/similar" for user in ("u020", FRESH, MERGED)),
        "/items?limit=7",
        "/items?hidden=true",
        f"/items/{NEW}",
        "/users?limit=5",
        "/users/u003",
        *(f"/users/{user}/interactions?limit=5" for user in ("u020", MERGED_INTO)),
        *(f"/users/{user}/export" for user in (FRESH, "u022", ERASED)),
        "/bundles",
        "/training-jobs",
        "/metrics/online?begin=2026-01-01&end=2027-01-01",
    ]
    given = [
        {"user_id": "u020", "filter": cheap, "boosts": [{"filter": fell, "weight": 0.5}], "limit": 5},
        {"session_items": ["i01", "i02", NEW], "buries": [{"filter": fell}], "limit": 6},
        {"user_id": "u024", "pins": [{"item_id": "i30", "position": 2}], "exclude_seen": ["purchase"], "limit": 5},
        {"preferences": [{"field": "price", "target": 50}, {"field": "attributes.brand", "value": "Moor"}]},
        {"user_id": "u024", "candidates": ["i01", "i02", "i30", NEW, HIDDEN, "unknown"]},
    ]
    return [
        *(("GET", path, None) for path in pages),
        *(("POST", "/recommend", body) for body in given),
        ("POST", "/recommend/batch", {"user_ids": ["u001", FRESH, "nobody"], "limit": 3}),
    ]
