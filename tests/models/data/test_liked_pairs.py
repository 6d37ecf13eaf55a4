"""Pairs of items that a user liked one after the other, and what is hidden of them."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.data.interactions import Interactions
from models.data.liked_pairs import LikedPairs

HOUR = 3600.0
START = 1.7e9


def named(pairs: LikedPairs, log: Interactions) -> set[tuple[str, str, str]]:
    return {
        (log.user_ids[user].decode(), log.item_ids[first].decode(), log.item_ids[second].decode())
        for user, first, second in zip(pairs.users, pairs.first, pairs.second, strict=True)
    }


def test_a_pair_is_of_one_user_and_one_visit(table: Callable[..., pa.Table]) -> None:
    rows = [
        *(("u", item, START + 60 * place) for place, item in enumerate("ab")),
        *(("u", item, START + 5 * HOUR + 60 * place) for place, item in enumerate("cd")),
        ("v", "e", START),
        ("v", "a", START + HOUR),
    ]
    log = Interactions.from_table(table(rows))
    pairs = LikedPairs.hold_out(log, share=1.0)
    assert named(pairs, log) == {("u", "a", "b"), ("u", "c", "d")}
    assert sorted(log.item_ids[log.items[pairs.hidden]].tolist()) == [b"b", b"d"]
    assert len(LikedPairs.hold_out(log, share=1.0, pause=2 * HOUR)) == 3


def test_in_an_order_without_times_the_next_item_is_the_other(table: Callable[..., pa.Table]) -> None:
    log = Interactions.from_table(table([("u", item, float(place)) for place, item in enumerate("abcde")]))
    pairs = LikedPairs.hold_out(log, share=1.0)
    assert len(pairs)
    assert named(pairs, log) <= {("u", one, other) for one, other in zip("abcd", "bcde", strict=True)}


def test_without_an_order_it_is_any_item_of_the_user(table: Callable[..., pa.Table]) -> None:
    rows = [(user, item) for user in "uv" for item in "abcdefgh"]
    log = Interactions.from_table(table(rows), seed=3)
    pairs = LikedPairs.hold_out(log, share=1.0)
    assert set(pairs.users.tolist()) == {0, 1}
    assert all(first != second for first, second in zip(pairs.first, pairs.second, strict=True))


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_no_first_item_is_hidden_and_the_seed_decides(table: Callable[..., pa.Table], share: float) -> None:
    rows = [(f"u{user}", f"i{item:02d}", START + item) for user in range(5) for item in range(30)]
    log = Interactions.from_table(table(rows))
    pairs = LikedPairs.hold_out(log, share=share, seed=1)
    hidden = set(zip(log.users[pairs.hidden].tolist(), log.items[pairs.hidden].tolist(), strict=True))
    assert hidden == set(zip(pairs.users.tolist(), pairs.second.tolist(), strict=True))
    assert not hidden & set(zip(pairs.users.tolist(), pairs.first.tolist(), strict=True))
    again = LikedPairs.hold_out(log, share=share, seed=1)
    assert np.array_equal(again.hidden, pairs.hidden)
    assert share == 1.0 or not np.array_equal(LikedPairs.hold_out(log, share=share, seed=2).hidden, pairs.hidden)


def test_a_user_with_a_long_history_has_few_of_the_pairs(table: Callable[..., pa.Table]) -> None:
    log = Interactions.from_table(table([("u", f"i{item:04d}", START + item) for item in range(1000)]))
    pairs = LikedPairs.hold_out(log, share=0.5)
    assert len(pairs) == pairs.hidden.sum() == 50


def test_what_was_not_liked_is_in_no_pair() -> None:
    log = Interactions(
        np.array([b"u"]), np.array([b"a", b"b", b"c"]), np.zeros(3, np.int32), np.arange(3, dtype=np.int32),
        START + np.arange(3.0), may_be_targets=np.array([True, False, True]),
    )  # fmt: skip
    assert named(LikedPairs.hold_out(log, share=1.0), log) == {("u", "a", "c")}


def test_with_a_goal_all_interest_counts_as_liked() -> None:
    log = Interactions(
        np.array([b"u"]), np.array([b"a", b"b", b"c"]), np.zeros(3, np.int32), np.arange(3, dtype=np.int32),
        START + np.arange(3.0), may_be_targets=np.array([False, False, True]), acts=np.array([1, 1, 0], np.int8),
    )  # fmt: skip
    assert named(LikedPairs.hold_out(log, share=1.0), log) <= {("u", "a", "b"), ("u", "b", "c")}
    assert len(LikedPairs.hold_out(log, share=1.0)) == 1
