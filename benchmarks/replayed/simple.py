"""The lists of simple systems for the same questions: popularity of the last days, and item-based CF."""

import numpy as np

from benchmarks.baselines.item_knn import cosines
from benchmarks.baselines.system import user_items
from benchmarks.replayed.log import ReplayedLog
from models.arrays.types import Float64, Int32
from models.data.history import SECONDS_A_DAY

NEIGHBOURS = 100


def recent_popularity(replayed: ReplayedLog, *, days: float, length: int, seed: int) -> Int32:
    """Rank by the interactions of the last days before each question, int32 (questions, length)."""
    log, questions = replayed.log, replayed.questions
    order = np.argsort(log.times, kind="stable")
    times, items = log.times[order], log.items[order]
    counts = np.random.default_rng(seed).random(log.n_items) * 1e-3
    lists = np.full((len(questions), length), -1, dtype=np.int32)
    first = last = 0
    moments = questions.moments if questions.moments is not None else np.empty(0)
    for row in np.argsort(moments, kind="stable").tolist():
        # Rows of the moment itself were posted one after the other; they are not counted.
        end = int(np.searchsorted(times, moments[row]))
        start = int(np.searchsorted(times, moments[row] - days * SECONDS_A_DAY))
        np.add.at(counts, items[last:end], 1.0)
        np.add.at(counts, items[first:start], -1.0)
        first, last = start, end
        lists[row] = _best(counts.copy(), questions.excluded(row), length)
    return lists


def item_knn(replayed: ReplayedLog, *, length: int, seed: int) -> Int32:
    """Rank by the cosines to the items of the history, fitted before the cut, int32 (questions, length)."""
    questions = replayed.questions
    similar = cosines(user_items(replayed.train.first_of_each_pair(), {}), NEIGHBOURS)
    noise = np.random.default_rng(seed).random(replayed.log.n_items) * 1e-9
    lists = np.full((len(questions), length), -1, dtype=np.int32)
    for row in range(len(questions)):
        history = questions.history(row)
        scores = np.asarray(similar[history.items].sum(axis=0), dtype=np.float64).ravel() + noise
        lists[row] = _best(scores, questions.excluded(row, history), length)
    return lists


def _best(scores: Float64, excluded: Int32, length: int) -> Int32:
    scores[excluded] = -np.inf
    top = np.argpartition(-scores, length - 1)[:length]
    return top[np.argsort(-scores[top], kind="stable")].astype(np.int32)
