"""Cursors of this service with other numbers in them, and the right checksum: who has one can write another."""

from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest

from app.services.recommending.cursors import Cursor
from models.bundle.store import BundleStore

LIMIT = 3
TIMES = 25
ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def tampered(cursor: Cursor, chance: np.random.Generator) -> Cursor:
    """Change some of what a cursor holds."""
    count = int(chance.choice([0, 1, 10, 20, 999, 1001, 2500]))
    codes = chance.permutation(max(count, 60)).astype(np.int32)[:count]
    if chance.random() < 0.3:
        codes = chance.integers(-1, int(chance.choice([20, 60, 2**31 - 1])), count).astype(np.int32)
    names: tuple[str, ...] = ()
    if cursor.version is None:
        # Before the first bundle items have no codes.
        codes, names = np.full(min(count, 40), -1, dtype=np.int32), tuple(chance.permutation(cursor.names)[:count])
        count = len(codes)
    if chance.random() < 0.3:
        names = tuple(chance.choice(["", "i01", "i02", "none", "\0", "é"], int(chance.integers(0, 4))))
    delivered = int(chance.integers(0, count + 1))
    scores = chance.choice([0.0, -1.0, 1e30, -1e30, 0.5], count - delivered).astype(np.float32)
    version = chance.choice(np.array([cursor.version, None, "", "20200101T000000000000Z", "../x"], dtype=object))
    if chance.random() < 0.8:
        version = cursor.version
    return replace(cursor, version=version, delivered=delivered, codes=codes, scores=scores, names=names)


async def follow(client: httpx.AsyncClient, path: str, first: Cursor, seed: int) -> int:
    chance, continued = np.random.default_rng(seed), 0
    for number in range(TIMES):
        cursor = tampered(first, chance).encode()
        for _ in range(2):
            answer = await client.get(path, params={"limit": LIMIT, "cursor": cursor})
            place = f"{path}, seed {seed}, number {number}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code in {200, 422}, place
            if answer.status_code == 422:
                assert [error["field"] for error in answer.json()["errors"]] == ["cursor"], place
                break
            found: dict[str, Any] = answer.json()
            items = [item["item_id"] for item in found["items"]]
            assert len(items) == len(set(items)) <= LIMIT, place
            assert [item["rank"] for item in found["items"]] == sorted({item["rank"] for item in found["items"]}), place
            continued += 1
            if found["next_cursor"] is None:
                break
            cursor = found["next_cursor"]
    return continued


async def first_cursor(client: httpx.AsyncClient, path: str) -> Cursor:
    answer = await client.get(path, params={"limit": LIMIT})
    assert answer.status_code == 200, answer.text
    return Cursor.decode(answer.json()["next_cursor"])


@ONE
@pytest.mark.parametrize("path", ["/recommend/u01", "/popular", "/items/i01/similar"])
async def test_other_numbers_are_refused_or_make_a_page(
    bundles: BundleStore, client: httpx.AsyncClient, path: str
) -> None:
    for number in range(40):
        await client.post(
            "/interactions", json={"user_id": f"u{number % 9:02}", "item_id": f"i{number:02}", "event_type": "view"}
        )
    assert await follow(client, path, await first_cursor(client, path), seed=len(path)) > 2


@ONE
async def test_other_numbers_are_refused_or_make_a_page_before_the_first_bundle(client: httpx.AsyncClient) -> None:
    for number in range(40):
        body = {"user_id": f"u{number % 9:02}", "item_id": f"i{number:02}", "event_type": "view"}
        assert (await client.post("/interactions", json=body)).status_code == 201
    for path in ("/recommend/u01", "/popular"):
        assert await follow(client, path, await first_cursor(client, path), seed=len(path)) > 2
