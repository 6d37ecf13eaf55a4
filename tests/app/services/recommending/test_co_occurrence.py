"""Co-occurrence is counted beside requests: a long count is waited for the first time only."""

import asyncio
import time
from collections.abc import Collection

import pytest

from app.process.resources import Resources
from app.process.serving_state import ServingState
from app.services.recommending import co_occurrence
from app.services.recommending.co_occurrence import CoOccurrence
from app.storage.interactions import InteractionStore
from app.storage.rows import Row
from models.data.strengths import StrengthScale

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
SECONDS = 0.4


class SlowStore(InteractionStore):
    """Takes as long as a long log."""

    async def latest_pairs(
        self, event_types: Collection[str], scale: StrengthScale, limit: int
    ) -> list[tuple[str, str]]:
        await asyncio.sleep(SECONDS)
        return await super().latest_pairs(event_types, scale, limit)


async def test_a_long_count_is_waited_for_the_first_time_only(
    resources: Resources, state: ServingState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(co_occurrence, "_PATIENCE", 0.0)
    serving = state.bundle.serving
    serving.live.assign_codes(["a", "b", "c"])
    store = SlowStore(resources.database, resources.changes, resources.first_mentions)
    counted = CoOccurrence(store, serving.scale)

    def beside_a() -> list[str]:
        return sorted(serving.live.ids(counted.alike(serving.live, "a")[0]))

    await resources.interactions.store([Row("u", item, "view", timestamp=1) for item in ("a", "b")])
    await counted.count()
    assert beside_a() == ["b"]
    await resources.interactions.store([Row("u", "c", "view", timestamp=2)])
    began = time.monotonic()
    await counted.count()
    assert time.monotonic() - began < SECONDS / 2
    assert beside_a() == ["b"]
    for _ in range(100):
        if beside_a() == ["b", "c"]:
            break
        await asyncio.sleep(0.05)
    assert beside_a() == ["b", "c"]
