"""Counts of recent interactions while the database does not answer."""

import asyncio
import time
from typing import Any

import pytest

from app.errors import DatabaseError
from app.process.serving_state import ServingState
from app.services.popularity import popular_items

ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def _never(*_arguments: Any) -> list[Any]:
    await asyncio.sleep(60)
    return []


@ONE
async def test_requests_that_wait_for_one_another_do_not_wait_longer(
    state: ServingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(popular_items, "_LONGEST_SECONDS", 0.1)
    monkeypatch.setattr(state.resources.counts, "recent_items", _never)
    began = time.monotonic()
    found = await asyncio.wait_for(
        asyncio.gather(*(state.recent_counts.get(0) for _ in range(20)), return_exceptions=True), 5
    )
    assert [type(one) for one in found] == [DatabaseError] * 20
    assert time.monotonic() - began < 1.5


@ONE
async def test_the_last_counts_are_used_meanwhile(state: ServingState, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await state.recent_counts.get(0)
    monkeypatch.setattr(popular_items, "_LONGEST_SECONDS", 0.1)
    monkeypatch.setattr(popular_items, "_SECONDS", 0.0)
    monkeypatch.setattr(state.resources.counts, "recent_items", _never)
    state.recent_counts._kept[0] = (0.0, first)
    assert await state.recent_counts.get(0) is first
