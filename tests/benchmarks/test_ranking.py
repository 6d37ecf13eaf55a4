from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.baselines.system import Batch, SameForAll, Scores
from benchmarks.ranking import rank
from models.data.holdout import Holdout, Ragged, hold_out
from models.data.interactions import Interactions

MakeInteractions = Callable[..., Interactions]


def lists_of(rows: list[list[int]]) -> Ragged:
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return Ragged(offsets, np.array([item for row in rows for item in row], dtype=np.int32))


def holdout(
    histories: list[list[int]], candidates: list[list[int]] | None = None, *, include_seen: bool = False
) -> Holdout:
    users = np.arange(len(histories), dtype=np.int32)
    listed = None if candidates is None else lists_of(candidates)
    had = lists_of(histories)
    ids = np.array([f"{code}".encode() for code in range(9)])
    source = Interactions(ids[: len(users)], ids, np.repeat(users, np.diff(had.offsets)), had.items, None)
    return Holdout(users, source, lists_of([[0]] * len(users)), listed, include_seen)


def same(*scores: float) -> SameForAll:
    return SameForAll(np.array(scores, dtype=np.float32))


def test_the_best_come_first_and_seen_items_do_not_come() -> None:
    found = rank(same(0.1, 0.4, 0.3, 0.2), holdout([[1], [0, 3]]), 4, 3, seed=0)
    assert found.tolist() == [[2, 3, 0], [1, 2, -1]]


def test_seen_items_come_where_they_may() -> None:
    assert rank(same(0.1, 0.4, 0.3), holdout([[1]], include_seen=True), 3, 2, seed=0).tolist() == [[1, 2]]


def test_candidates_are_the_complete_list() -> None:
    found = rank(same(0.1, 0.4, 0.3, 0.2), holdout([[1], [1]], [[0, 1, 3], []]), 4, 3, seed=0)
    assert found.tolist() == [[3, 0, -1], [2, 3, 0]]


def test_what_is_no_number_does_not_come() -> None:
    assert rank(same(np.nan, 0.1, -np.inf), holdout([[]]), 3, 3, seed=0).tolist() == [[1, -1, -1]]


def test_a_list_longer_than_the_catalogue_ends_early() -> None:
    assert rank(same(0.2, 0.1), holdout([[]]), 2, 4, seed=0).tolist() == [[0, 1, -1, -1]]


def test_ties_are_broken_at_random_under_the_seed() -> None:
    firsts = [int(rank(same(1.0, 1.0, 1.0, 0.0), holdout([[]]), 4, 1, seed=seed)[0, 0]) for seed in range(300)]
    assert {items: firsts.count(items) for items in (0, 1, 2)} == pytest.approx(dict.fromkeys(range(3), 100), abs=30)
    assert firsts[:5] == [int(rank(same(1, 1, 1, 0), holdout([[]]), 4, 1, seed=seed)[0, 0]) for seed in range(5)]


def test_users_are_ranked_in_parts_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = rank(same(0.1, 0.4, 0.3), holdout([[0], [1], [2]]), 3, 2, seed=0)
    monkeypatch.setattr("benchmarks.ranking._CELLS", 3)
    assert rank(same(0.1, 0.4, 0.3), holdout([[0], [1], [2]]), 3, 2, seed=0).tolist() == whole.tolist()


def test_systems_get_the_strengths_beside_the_histories(make_interactions: MakeInteractions) -> None:
    train = replace(make_interactions("a:xy", "b:x", "c:yz"), strengths=np.array([1, 2, 3, 4, 5], np.float32))
    holdout = hold_out(train, np.array([0, 2], np.int32), np.array([2, 0], np.int32), include_seen=False)[0]
    batches: list[Batch] = []

    class Watching:
        def score(self, batch: Batch) -> Scores:
            batches.append(batch)
            return np.zeros((len(batch.users), batch.n_items), dtype=np.float32)

    rank(Watching(), holdout, train.n_items, 2, seed=0)
    assert batches[0].matrix({"counts": True}).toarray().tolist() == [[1, 2, 0], [0, 4, 5]]
    assert batches[0].matrix({"counts": False}).toarray().tolist() == [[1, 1, 0], [0, 1, 1]]
