"""The clock that answers are made by."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from app.times import Clock, to_microseconds

THEN = datetime(2011, 11, 11, tzinfo=UTC)


def test_the_clock_is_that_of_the_machine_unless_a_test_stops_it() -> None:
    clock = Clock()
    assert clock.seconds() == pytest.approx(time.time(), abs=1)
    with clock.stopped(None):
        assert clock.now() / 1e6 == pytest.approx(time.time(), abs=1)
    with clock.stopped(THEN):
        assert (clock.now(), clock.seconds()) == (to_microseconds(THEN), THEN.timestamp())
        clock.set(THEN + timedelta(days=1))
        assert clock.seconds() == THEN.timestamp() + 86_400
        clock.set(THEN)
        assert clock.now() == to_microseconds(THEN)
    assert clock.seconds() == pytest.approx(time.time(), abs=1)


def test_intervals_pass_when_a_test_moves_the_clock_in_either_direction() -> None:
    clock = Clock()
    with clock.stopped(THEN):
        for moment in (THEN + timedelta(seconds=30), THEN):
            before = clock.elapsed()
            clock.set(moment)
            assert clock.elapsed() - before == pytest.approx(30, abs=1)
        before = clock.elapsed()
        clock.set(THEN)
        assert clock.elapsed() - before == pytest.approx(0, abs=1)
