from dataclasses import replace

import numpy as np
import pytest

from models.data.holdout import Holdout, Ragged, hold_out
from models.data.interactions import Interactions


@pytest.fixture
def source() -> Interactions:
    """User 0 had items 1 and 2, user 1 nothing, user 2 had item 0."""
    return Interactions(
        np.array([b"a", b"b", b"c"]),
        np.array([b"w", b"x", b"y", b"z"]),
        np.array([0, 0, 2], dtype=np.int32),
        np.array([1, 2, 0], dtype=np.int32),
        np.array([10.0, 20.0, 30.0]),
        np.array([0.5, 1.0, 1.0], dtype=np.float32),
    )


def holdout(
    source: Interactions, users: list[int], items: list[int], **options: bool | float | None
) -> tuple[Holdout, int]:
    include_seen, now = bool(options.get("include_seen", False)), options.get("now")
    codes = np.array(users, dtype=np.int32), np.array(items, dtype=np.int32)
    return hold_out(source, *codes, include_seen=include_seen, now=now)


def lists(found: Ragged) -> list[list[int]]:
    return [found.row(row).tolist() for row in range(len(found.offsets) - 1)]


def test_targets_are_paired_with_the_histories(source: Interactions) -> None:
    found, dropped = holdout(source, [0, 0, 2], [0, 3, 3], now=40.0)
    assert (found.users.tolist(), lists(found.targets), dropped) == ([0, 2], [[0, 3], [3]], 0)
    first = found.history(0)
    assert first.strengths is not None
    assert (first.items.tolist(), first.strengths.tolist(), first.user, first.now) == ([1, 2], [0.5, 1.0], 0, 40.0)
    assert found.history(1).items.tolist() == [0]
    assert first.ages().tolist() == [30.0, 20.0]
    assert found.lengths.tolist() == [2, 1]


def test_users_without_a_history_are_left_out_and_not_counted_as_dropped(source: Interactions) -> None:
    found, dropped = holdout(source, [0, 1], [3, 3])
    assert (found.users.tolist(), dropped) == ([0], 0)


def test_targets_of_the_history_do_not_count(source: Interactions) -> None:
    found, dropped = holdout(source, [0, 0, 2], [1, 3, 0])
    assert (found.users.tolist(), lists(found.targets), dropped) == ([0], [[3]], 1)
    assert found.excluded(0).tolist() == [1, 2]


def test_they_count_where_seen_items_are_wanted(source: Interactions) -> None:
    found, dropped = holdout(source, [0, 0, 2], [1, 3, 0], include_seen=True)
    assert (found.users.tolist(), lists(found.targets), dropped) == ([0, 2], [[1, 3], [0]], 0)
    assert found.excluded(0).tolist() == []


def test_an_item_that_occurs_twice_is_one_target(source: Interactions) -> None:
    found, _ = holdout(source, [0, 0, 0], [3, 3, 0])
    assert lists(found.targets) == [[0, 3]]


def test_anonymous_users_have_no_row_of_their_own(source: Interactions) -> None:
    found, _ = holdout(source, [0], [3])
    anonymous = replace(found, anonymous=True).history(0)
    assert (anonymous.user, anonymous.items.tolist()) == (-1, [1, 2])


def test_an_empty_list_of_candidates_stands_for_all_items(source: Interactions) -> None:
    found, _ = holdout(source, [0, 2], [3, 3])
    assert found.candidate_list(0) is None
    listed = replace(found, candidates=Ragged(np.array([0, 2, 2]), np.array([0, 3], dtype=np.int32)))
    only = listed.candidate_list(0)
    assert only is not None
    assert only.tolist() == [0, 3]
    assert listed.candidate_list(1) is None


def test_a_sample_keeps_histories_targets_and_the_moment(source: Interactions) -> None:
    found, _ = holdout(source, [0, 2], [3, 2], now=50.0)
    for seed in range(5):
        one = found.sample(1, seed)
        place = found.users.tolist().index(int(one.users[0]))
        assert one.history(0).items.tolist() == found.history(place).items.tolist()
        assert one.targets.row(0).tolist() == found.targets.row(place).tolist()
        assert one.moments is not None
        assert one.moments.tolist() == [50.0]
    assert len({int(found.sample(1, seed).users[0]) for seed in range(20)}) == 2
    assert found.sample(2, 0) is found
