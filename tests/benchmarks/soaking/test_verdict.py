"""What a soak holds against a server."""

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.soaking.connection import Answer
from benchmarks.soaking.restarts import Restarts
from benchmarks.soaking.swaps import Swaps
from benchmarks.soaking.traffic import Failure, Outcome
from benchmarks.soaking.verdict import Soaked
from benchmarks.soaking.watch import Held, Watched


def soaked(**changes: Any) -> Soaked:
    swaps = Swaps()
    swaps.made += [("a", 0.0, 0.0), ("b", 120.0, 121.0)]
    outcome = Outcome(latencies=[(110.0, 0.01)], acknowledged={"e1", "e2"}, named=4)
    outcome.sent["post"] = 2
    watched = Watched([Held(100.0 + at, 500.0, 80) for at in range(100)], [(150.0, 0.1)])
    found = Soaked(
        100.0, 70.0, outcome, swaps, Restarts([(160.0, 170.0)]), watched, began=100.0, ended=200.0, stored=["e1", "e2"]
    )
    return replace(found, **changes)


def broken(found: Soaked) -> set[str]:
    return {line.what for line in found.lines() if line.holds is False}


def failing(status: int, at: float, *, retry_after: bool = False) -> Outcome:
    answer = Answer(status, b"why", retry_after)
    return replace(soaked().outcome, failures=[Failure("post", at, at + 0.1, answer)])


def test_all_lines_hold_where_nothing_went_wrong() -> None:
    assert broken(soaked()) == set()


def test_a_lost_event_and_one_that_is_there_twice_are_found() -> None:
    assert broken(soaked(stored=["e1"])) == {"of them lost"}
    assert broken(soaked(stored=["e1", "e2", "e2"])) == {"stored twice"}


@pytest.mark.parametrize(
    ("outcome", "wrong"),
    [
        (failing(503, 120.0, retry_after=True), {"errors outside restarts"}),
        (failing(503, 165.0, retry_after=True), set()),
        (failing(503, 165.0), {"of them not 503 with Retry-After"}),
        (failing(500, 165.0, retry_after=True), {"of them not 503 with Retry-After"}),
        (failing(0, 165.0), {"of them not 503 with Retry-After"}),
    ],
)
def test_errors_are_503_with_retry_after_and_within_restarts(outcome: Outcome, wrong: set[str]) -> None:
    assert broken(soaked(outcome=outcome)) == wrong


def test_memory_and_handles_may_grow_by_a_tenth() -> None:
    for last, wrong in ((549.0, set()), (560.0, {"memory of all processes (PSS), MB", "open handles"})):
        held = [
            Held(100.0 + at, 500.0 + at * (last - 500) / 99, int(500 + at * (last - 500) / 99)) for at in range(100)
        ]
        assert broken(soaked(watched=Watched(held, [(150.0, 0.1)]))) == wrong


def test_a_late_post_and_a_refused_swap_are_found() -> None:
    held = soaked().watched.held
    assert broken(soaked(watched=Watched(held, [(150.0, 1.5)]))) == {"known to the other process after"}
    swaps = soaked().swaps
    swaps.refused.append((130.0, 130.5, "409"))
    assert broken(soaked(swaps=swaps)) == {"swaps of the bundle"}


def test_a_bundle_may_answer_from_its_activation_until_the_next_is_everywhere() -> None:
    swaps = Swaps()
    swaps.made += [("a", 0.0, 1.0), ("b", 100.0, 101.0)]
    assert swaps.allowed("a", 50.0, 50.1)
    assert swaps.allowed("a", 103.0, 103.1)
    assert not swaps.allowed("a", 110.0, 110.1)
    assert not swaps.allowed("b", 98.0, 99.0)
    assert swaps.allowed("b", 99.9, 100.1)
    assert not swaps.allowed("c", 50.0, 50.1)


def test_a_refused_activation_ends_nothing() -> None:
    swaps = Swaps()
    swaps.made += [("a", 0.0, 1.0), ("b", 100.0, float("inf")), ("c", 200.0, 201.0)]
    assert swaps.allowed("a", 190.0, 191.0)
    assert swaps.allowed("b", 190.0, 191.0)
    assert not swaps.allowed("a", 210.0, 211.0)
