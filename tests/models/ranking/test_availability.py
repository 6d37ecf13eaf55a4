"""Which items may be shown at a moment, in the bundle's catalogue and after changes."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.ranking.live_catalogue import LiveCatalogue

NOW = 1_000.0
CASES = pytest.mark.parametrize(
    ("more", "unavailable"),
    [
        ({}, False),
        ({"hidden": True}, True),
        ({"available_from": NOW}, False),
        ({"available_from": NOW + 1}, True),
        ({"available_until": NOW}, True),
        ({"available_until": NOW + 1}, False),
        ({"available_from": NOW - 5, "available_until": NOW - 1}, True),
    ],
    ids=str,
)


def catalogue(**more: Any) -> LiveCatalogue:
    fields = {"hidden": False, "available_from": None, "available_until": None, **more}
    table = pa.table({"item_id": ["asked", "other"], **{name: [value, None] for name, value in fields.items()}})
    return LiveCatalogue(Knowledge.fit(table, KnowledgeConfig()))


@CASES
def test_items_are_blocked_when_hidden_before_their_time_and_from_their_end_on(
    more: dict[str, Any], unavailable: bool
) -> None:
    live = catalogue(**more)
    gone, back = live.update_availability(NOW)
    assert (gone.tolist(), back.tolist()) == ([0] if unavailable else [], [])
    assert np.flatnonzero(live.blocked).tolist() == gone.tolist()


@CASES
def test_the_same_holds_for_an_item_that_changed(more: dict[str, Any], unavailable: bool) -> None:
    live = catalogue(hidden=True)
    live.update_availability(NOW)
    live.apply("asked", more)
    gone, back = live.update_availability(NOW)
    assert (gone.tolist(), back.tolist()) == ([], [] if unavailable else [0])


def test_items_come_and_go_as_time_passes_without_any_change() -> None:
    live = catalogue(available_from=NOW + 10, available_until=NOW + 20)
    live.apply("new", {"available_from": NOW + 5})
    versions = []
    for moment, blocked in ((NOW, {0, 2}), (NOW + 5, {0}), (NOW + 10, set()), (NOW + 19.9, set()), (NOW + 20, {0})):
        live.update_availability(moment)
        assert set(np.flatnonzero(live.blocked).tolist()) == blocked
        versions.append(live.version)
    # Where nothing comes or goes, nothing is looked at.
    assert versions[2] == versions[3] < versions[4]
