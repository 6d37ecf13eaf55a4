"""A history is read from a log by one function, for requests, training and evaluation alike."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.data.history import History

EVENTS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from([-1.0, 0.5, 1.0, 2.0])), max_size=30)


def read(events: Sequence[tuple[int, float]]) -> History:
    items = np.array([item for item, _ in events], dtype=np.int32)
    strengths = np.array([strength for _, strength in events], dtype=np.float32)
    return History.read(items, strengths, np.arange(len(events), dtype=np.float64), user=3, now=99.0)


def one_by_one(events: Sequence[tuple[int, float]]) -> tuple[dict[int, float], set[int]]:
    """Read the same events in a loop."""
    likes: dict[int, float] = {}
    disliked: set[int] = set()
    for item, strength in events:
        if strength > 0:
            likes[item] = likes.pop(item, 0.0) + strength
            disliked.discard(item)
        else:
            likes.pop(item, None)
            disliked.add(item)
    return likes, disliked


@given(EVENTS)
def test_the_latest_event_decides_where_an_item_stands_and_whether_it_is_liked(
    events: list[tuple[int, float]],
) -> None:
    found = read(events)
    likes, disliked = one_by_one(events)
    assert found.items.tolist() == list(likes)
    assert found.strengths is not None
    assert found.strengths.tolist() == list(likes.values())
    assert set([] if found.disliked is None else found.disliked.tolist()) == disliked
    assert (found.user, found.now) == (3, 99.0)


@given(EVENTS)
def test_all_likes_of_the_items_stay_as_single_events(events: list[tuple[int, float]]) -> None:
    found = read(events).every
    likes, _ = one_by_one(events)
    kept = [place for place, (item, strength) in enumerate(events) if strength > 0 and item in likes]
    assert found.times is not None
    assert found.times.tolist() == kept
    assert found.items.tolist() == [events[place][0] for place in kept]


def test_events_without_strengths_count_one_each() -> None:
    found = History.read(np.array([4, 2, 4], dtype=np.int32))
    assert found.strengths is not None
    assert (found.items.tolist(), found.strengths.tolist(), found.disliked) == ([2, 4], [1.0, 2.0], None)
    assert History.read(np.array([4, 2], dtype=np.int32)).strengths is None


def test_items_that_are_left_out_take_their_events_along() -> None:
    found = read([(1, 1.0), (2, 1.0), (1, 2.0)])
    kept = found.where(found.items == 1)
    assert kept.every.items.tolist() == [1, 1]
    raised = kept.raised(2.0)
    assert raised.strengths is not None
    assert raised.every.strengths is not None
    assert (raised.strengths.tolist(), raised.every.strengths.tolist()) == ([9.0], [1.0, 4.0])
