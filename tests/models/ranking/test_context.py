import math

import numpy as np
import pytest

from models.data.history import History
from models.ranking.context import CONTEXT, context_of

MONDAY = 4 * 86_400.0
PAUSE = 1800.0


def context(times: list[float], now: float | None) -> dict[str, float]:
    items = np.arange(len(times), dtype=np.int32)
    found = context_of(History(items, times=np.array(times), now=now), PAUSE)
    assert found.dtype == np.float32
    return dict(zip(CONTEXT, found.tolist(), strict=True))


def test_a_request_within_a_visit_knows_how_far_it_has_come() -> None:
    found = context([MONDAY, MONDAY + 5000, MONDAY + 5060], MONDAY + 5100)
    assert found["seconds_since_last"] == pytest.approx(math.log1p(40), rel=1e-6)
    assert found["visit_events"] == pytest.approx(math.log1p(2), rel=1e-6)
    assert found["visit_items_share"] == pytest.approx(2 / 3, rel=1e-6)


def test_a_request_after_a_pause_starts_a_visit() -> None:
    found = context([MONDAY, MONDAY + 60], MONDAY + 60 + PAUSE + 1)
    assert (found["visit_events"], found["visit_items_share"]) == (0.0, 0.0)
    assert context([MONDAY, MONDAY + 60], MONDAY + 60 + PAUSE)["visit_events"] > 0


def test_hour_and_weekday_are_places_on_circles() -> None:
    found = context([], MONDAY + 6 * 3600)
    assert found["hour_sin"] == pytest.approx(1.0)
    assert found["hour_cos"] == pytest.approx(0.0, abs=1e-6)
    week_later = context([], MONDAY + 7 * 86_400 + 6 * 3600)
    assert [week_later[name] for name in CONTEXT[3:]] == pytest.approx([found[name] for name in CONTEXT[3:]])


def test_every_single_event_counts() -> None:
    items = np.array([1, 1, 2], dtype=np.int32)
    history = History.read(items, times=np.array([MONDAY, MONDAY + 1, MONDAY + 2]), now=MONDAY + 3)
    assert context_of(history, PAUSE)[1] == pytest.approx(math.log1p(3), rel=1e-6)


def test_without_the_time_of_the_request_nothing_is_known() -> None:
    assert set(context([1.0, 2.0], None).values()) == {0.0}
