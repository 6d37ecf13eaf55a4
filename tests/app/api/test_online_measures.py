"""`GET /metrics/online`: what became of what was shown."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.services.monitoring.online_measures import mismatch, wilson
from app.services.recommending import request_ids
from app.storage.activations import ActivationStore

ONE = "20260301T000000Z-aa~personalized~1772366400000000~0a1b2c3d"
TWO = "none~popular~1772366400000000~0a1b2c3e"


def event(kind: str, item: str, request: str | None, day: int, position: int | None = None) -> dict[str, Any]:
    time = f"2026-03-{day:02}T12:00:00Z"
    return {
        "user_id": "u",
        "item_id": item,
        "event_type": kind,
        "request_id": request,
        "timestamp": time,
        "position": position,
        "event_id": f"{kind}-{item}-{str(request)[-3:]}-{day}-{position}",
    }


LOG = [
    event("shown", "a", ONE, 1, 1),
    event("shown", "a", ONE, 1, 1) | {"event_id": "again"},
    event("recommended", "a", ONE, 1, 1),
    event("shown", "b", ONE, 1, 2),
    event("recommended", "c", ONE, 1, 3),
    event("shown", "a", TWO, 2, 1),
    event("shown", "z", "theirs", 2),
    event("shown", "late", ONE, 9, 1),
    event("shown", "no-request", None, 1, 1),
    event("click", "a", ONE, 1),
    event("view", "a", ONE, 2),
    event("purchase", "a", ONE, 8),
    event("purchase", "b", None, 1),
    event("click", "b", TWO, 2),
    event("purchase", "z", "theirs", 3),
]


def plain(rows: list[dict[str, Any]], name: str) -> list[tuple[Any, int, int, int]]:
    return [(row[name], row["impressions"], row["clicks"], row["conversions"]) for row in rows]


@pytest.fixture
async def activated(client: httpx.AsyncClient, application: FastAPI) -> None:
    """Put on record that the bundle of `ONE` was active, long ago."""
    resources = application.state.serving.resources
    store = ActivationStore(resources.database, resources.changes)
    await store.add("20260301T000000Z-aa", "test", forced=False)


@pytest.mark.usefixtures("activated")
async def test_a_log_whose_answer_is_known(client: httpx.AsyncClient, documented: Any) -> None:
    assert (await client.post("/interactions/batch", json=LOG)).json()["stored"] == len(LOG)
    answer = (await client.get("/metrics/online", params={"from": "2026-03-01", "to": "2026-03-02"})).json()
    documented("OnlineMeasures", answer)
    assert (answer["from"], answer["to"]) == ("2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z")
    total = answer["total"]
    assert (total["impressions"], total["clicks"], total["conversions"]) == (5, 1, 2)
    assert plain(answer["by_day"], "day") == [("2026-03-01", 3, 1, 1), ("2026-03-02", 2, 0, 1)]
    assert plain(answer["by_strategy"], "strategy") == [
        ("personalized", 3, 1, 1),
        ("popular", 1, 0, 0),
        ("unknown", 1, 0, 1),
    ]
    assert plain(answer["by_bundle_version"], "bundle_version") == [
        ("20260301T000000Z-aa", 3, 1, 1),
        ("none", 1, 0, 0),
        ("unknown", 1, 0, 1),
    ]
    assert plain(answer["by_position"], "position") == [(1, 2, 1, 1), (2, 1, 0, 0), (3, 1, 0, 0), (None, 1, 0, 1)]
    assert total["click_through_rate"] == {
        "value": 0.2,
        "low": pytest.approx(0.036, abs=1e-3),
        "high": pytest.approx(0.624, abs=1e-3),
    }


async def test_without_impressions_there_is_no_rate(client: httpx.AsyncClient) -> None:
    answer = (await client.get("/metrics/online")).json()
    assert answer["total"] == {
        "impressions": 0,
        "clicks": 0,
        "conversions": 0,
        "revenue": 0.0,
        "click_through_rate": None,
        "conversion_rate": None,
    }


async def test_a_list_of_our_own_is_recognised(client: httpx.AsyncClient) -> None:
    await client.post("/interactions", json={"user_id": "x", "item_id": "i", "event_type": "view"})
    shown = (await client.get("/recommend/new")).json()
    row = {"user_id": "new", "item_id": "i", "event_type": "shown", "request_id": shown["request_id"], "position": 1}
    await client.post("/interactions", json=row)
    answer = (await client.get("/metrics/online")).json()
    assert plain(answer["by_strategy"], "strategy") == [("popular", 1, 0, 0)]
    assert plain(answer["by_bundle_version"], "bundle_version") == [("none", 1, 0, 0)]


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize(
    "given", ["yesterday", "9999-12-31", "1969-12-31", "2026-02-30", "2026-03-01T12:00:00", "9999-12-31T23:59:59Z", ""]
)
async def test_a_time_that_is_none_is_refused_in_one_sentence(
    client: httpx.AsyncClient, refused: Any, name: str, given: str
) -> None:
    problem = refused(await client.get("/metrics/online", params={name: given}), 422, "invalid_request", name)
    assert "a date (2026-03-01) or a time in RFC 3339 with an offset" in problem["errors"][0]["detail"]


async def test_a_period_ends_after_it_begins(client: httpx.AsyncClient, refused: Any) -> None:
    params = {"from": "2026-03-02T00:00:00Z", "to": "2026-03-01"}
    assert (await client.get("/metrics/online", params=params | {"to": "2026-03-02"})).status_code == 200
    problem = refused(await client.get("/metrics/online", params=params), 422, "invalid_request", "from")
    assert problem["errors"][0]["detail"] == "is not before the end of the period, 2026-03-02T00:00:00Z"


@pytest.mark.parametrize("strange", ["", "a", "a~b~c~d", "~~1~2", "a~b~-1~2", "a~b~1~"])
def test_an_id_that_is_none_of_ours_is_unknown(strange: str) -> None:
    assert request_ids.read(strange) == request_ids.Origin("unknown", "unknown")


def test_the_interval_is_wilsons() -> None:
    # Ten of a hundred: from the formula by hand.
    rate = wilson(10, 100)
    assert (rate.value, round(rate.low, 4), round(rate.high, 4)) == (0.1, 0.0552, 0.1744)
    assert (wilson(0, 5).low, wilson(5, 5).high) == (0.0, 1.0)


async def test_scenarios_and_variants_are_counted_apart_with_their_revenue(
    client: httpx.AsyncClient, documented: Any
) -> None:
    halves = [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "changes": {"kind": "newest"}}]
    assert (await client.put("/scenarios/test", json={"kind": "popular", "variants": halves})).status_code == 201
    await client.put("/items/i", json={"title": "I"})
    log, variants = [event("shown", "i", TWO, 1)], list[str]()
    for number in range(40):
        answer = (await client.get(f"/scenarios/test/recommend?user_id=u-{number}")).json()
        variants.append(answer["variant"])
        of_user = {"user_id": f"u-{number}", "event_id": None}
        log.append(event("shown", "i", answer["request_id"], 1, 1) | of_user)
        if number % 4 == 0:
            log.append(event("purchase", "i", answer["request_id"], 2) | of_user | {"revenue": 2.5})
    assert (await client.post("/interactions/batch", json=log)).json()["stored"] == len(log)
    found = (await client.get("/metrics/online", params={"from": "2026-03-01", "to": "2026-03-02"})).json()
    documented("OnlineMeasures", found)
    assert plain(found["by_scenario"], "scenario") == [("test", 40, 0, 10), (None, 1, 0, 0)]
    assert found["total"]["revenue"] == found["by_scenario"][0]["revenue"] == 25.0
    for row in found["by_variant"]:
        assert (row["scenario"], row["users"]) == ("test", variants.count(row["variant"]))
        assert row["impressions"] == row["users"]
        expected = sum(variant == row["variant"] for variant in variants[::4])
        assert (row["conversions"], row["revenue"]) == (expected, 2.5 * expected)
        mean = row["revenue_per_user"]
        assert mean["value"] == pytest.approx(row["revenue"] / row["users"])
        assert mean["low"] < mean["value"] < mean["high"]
        assert row["conversion_rate"]["low"] <= expected / row["users"] <= row["conversion_rate"]["high"]
    assert found["warnings"] == []
    quarters = [halves[0] | {"share": 0.05}, halves[1] | {"share": 0.95}]
    await client.put("/scenarios/test", json={"kind": "popular", "variants": quarters})
    found = (await client.get("/metrics/online", params={"from": "2026-03-01", "to": "2026-03-02"})).json()
    (warning,) = found["warnings"]
    assert warning.startswith("scenario 'test': users are not split as the shares say")


def test_a_split_is_compared_with_its_shares() -> None:
    # Pearson's test of 60 and 40 for equal shares: chi-squared 4, one degree of freedom.
    assert mismatch([60, 40], [0.5, 0.5]) == pytest.approx(0.0455, abs=1e-4)
    assert mismatch([50, 50], [0.5, 0.5]) == 1.0
    assert mismatch([0, 0], [0.5, 0.5]) == 1.0
    assert mismatch([700, 200, 100], [0.7, 0.2, 0.1]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("request_id", "expected"),
    [
        (
            "20260301T000000Z-aa~similar~home~b~1772366400000000~0a1b2c3d",
            ("20260301T000000Z-aa", "similar", "home", "b"),
        ),
        ("none~popular~home~~1772366400000000~0a1b2c3d", ("none", "popular", "home", None)),
        (ONE, ("20260301T000000Z-aa", "personalized", None, None)),
        ("a~b~c~d~e~f", ("unknown", "unknown", None, None)),
        ("theirs", ("unknown", "unknown", None, None)),
    ],
)
def test_request_ids_say_where_their_list_is_from(request_id: str, expected: tuple[Any, ...]) -> None:
    origin = request_ids.read(request_id)
    assert (origin.bundle_version, origin.strategy, origin.scenario, origin.variant) == expected


@pytest.mark.usefixtures("activated")
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_what_clients_invent_makes_no_rows(client: httpx.AsyncClient) -> None:
    end = "1772366400000000~0a1b2c3d"
    invented = [
        *(f"v{number}~personalized~{end}" for number in range(50)),
        *(f"none~s{number}~{end}" for number in range(50)),
        *(f"none~popular~p{number}~~{end}" for number in range(50)),
        *(f"none~popular~home~v{number}~{end}" for number in range(50)),
    ]
    log = [event("shown", f"i{number}", one, 1, 2000 + number) for number, one in enumerate(invented)]
    log += [event("shown", "real", f"none~popular~home~~{end}", 1, 1), event("shown", "real", ONE, 1, 1)]
    rows = [row | {"event_id": f"e{number}", "timestamp": None} for number, row in enumerate(log)]
    assert (await client.post("/interactions/batch", json=rows)).json()["stored"] == len(log)
    answer = (await client.get("/metrics/online")).json()
    unknown = ("unknown", 200, 0, 0)
    assert plain(answer["by_bundle_version"], "bundle_version") == [
        ("20260301T000000Z-aa", 1, 0, 0),
        ("none", 1, 0, 0),
        unknown,
    ]
    assert plain(answer["by_strategy"], "strategy") == [("personalized", 1, 0, 0), ("popular", 1, 0, 0), unknown]
    assert plain(answer["by_scenario"], "scenario") == [("home", 1, 0, 0), (None, 201, 0, 0)]
    assert answer["by_variant"] == []
    assert plain(answer["by_position"], "position") == [(1, 2, 0, 0), (None, 200, 0, 0)]
    assert "v49" not in (await client.get("/metrics")).text
    assert len((await client.get("/console")).content) < 20_000
