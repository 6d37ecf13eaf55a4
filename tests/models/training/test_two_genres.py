"""Two genres beside dramas: who gave one star to two thrillers does not want more of them."""

import numpy as np
import pytest

from models.arrays.types import Int32
from models.data.history import History
from models.data.holdout import Holdout, Ragged
from models.data.interactions import Interactions
from models.data.progress import silent
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.config import RankingConfig
from models.ranking.explanation import explain
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.training.tuning import Tuner

DRAMAS, THRILLERS, COMEDIES = (np.arange(*ends, dtype=np.int32) for ends in ((0, 8), (8, 28), (28, 48)))
FANS, NEW = 60, 40


@pytest.fixture(scope="module")
def log() -> Interactions:
    """Make a log: all love dramas, half of the fans thrillers and half comedies; new users saw dramas only."""
    rng = np.random.default_rng(4)
    users, items = [], []
    for user in range(FANS + NEW):
        other = (THRILLERS, COMEDIES)[user % 2]
        films = np.sort(np.concatenate([DRAMAS, rng.choice(other, 10 if user < FANS else 0, replace=False)]))
        users += [user] * len(films)
        items += films.tolist()
    ids = [np.array([f"{code:03}".encode() for code in range(size)]) for size in (FANS + NEW, 48)]
    return Interactions(ids[0], ids[1], np.array(users, np.int32), np.array(items, np.int32), None)


@pytest.fixture(scope="module")
def retriever(log: Interactions) -> Retriever:
    return Retriever.fit(log, RankingConfig.unordered())


def ragged(lists: list[Int32]) -> Ragged:
    return Ragged(np.cumsum([0, *map(len, lists)]).astype(np.int64), np.concatenate(lists))


def holdout(log: Interactions) -> Holdout:
    """Hold out five films of each new user's genre; they turned down two of the other one."""
    rng = np.random.default_rng(5)
    users = np.arange(FANS, FANS + NEW, dtype=np.int32)
    genres = [(THRILLERS, COMEDIES) if user % 2 == 0 else (COMEDIES, THRILLERS) for user in users]
    wanted = ragged([rng.choice(own, 5, replace=False) for own, _ in genres])
    down = ragged([rng.choice(other, 2, replace=False) for _, other in genres])
    return Holdout(users, log, wanted, disliked=down)


def test_validation_finds_whether_dislikes_count(log: Interactions, retriever: Retriever) -> None:
    tuner = Tuner(log, retriever, holdout(log), 0, silent)
    tuner._choose_dislikes()
    tried = {trial.setting["dislike_weight"]: trial.ndcg for trial in tuner.trials}
    chosen = tuner.retriever.config.dislike_weight
    assert chosen > 0
    assert tried[chosen] == max(tried.values()) > 1.2 * tried[0.0]
    # Where nobody turned down anything, nothing is tried.
    without = Tuner(log, retriever, Holdout(tuner.holdout.users, log, tuner.holdout.targets), 0, silent)
    without._choose_dislikes()
    assert without.trials == []
    assert without.retriever.config.dislike_weight == 0.0


def recommended(log: Interactions, retriever: Retriever, weight: float, disliked: Int32) -> Int32:
    """Rank for somebody new who loved two dramas, and see that no disliked film is named as a reason."""
    one = retriever.configured(retriever.config.model_copy(update={"dislike_weight": weight}))
    ranker = Ranker(one, None, log.item_ids, log.user_ids)
    history = History(DRAMAS[:2], disliked=disliked)
    excluded = np.concatenate([DRAMAS, disliked])
    found = ranker.rank(history, CandidateQuery(excluded=excluded))
    reasons = explain(ranker, history, found, found.places[:10].tolist())
    named = {item for each in reasons for reason in each for item, _ in reason.because}
    assert named
    assert not named & set(disliked.tolist())
    return found.items[:10]


def test_two_thrillers_with_one_star_keep_others_away(log: Interactions, retriever: Retriever) -> None:
    assert np.isin(recommended(log, retriever, 0.5, THRILLERS[:2]), COMEDIES).all()
    assert np.isin(recommended(log, retriever, 0.5, COMEDIES[:2]), THRILLERS).all()
    # Without them nothing tells which of the two the user will love.
    assert 0 < np.isin(recommended(log, retriever, 0.0, THRILLERS[:2]), COMEDIES).sum() < 10
