from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from models.data.holdout import Holdout, Ragged
from models.data.interactions import Interactions
from models.evaluation.calibration import bins, calibration
from models.ranking.config import RankingConfig
from models.ranking.features import FEATURES, NETWORK_SIGNALS
from models.ranking.network import NetworkScorer
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever

RELATIVE = FEATURES.index("neighbours_relative")


def test_bins_compare_what_was_predicted_with_what_happened() -> None:
    predicted, observed = np.array([0.0, 0.0005, 0.2, 0.4, 0.5, 1.0]), np.array([0.0, 0.0, 1.0, 0.0, 0.0, 1.0])
    assert bins(predicted, observed) == [
        {"low": 0.0, "high": 0.001, "candidates": 2, "predicted": 0.00025, "observed": 0.0},
        {"low": 0.2, "high": 0.5, "candidates": 2, "predicted": pytest.approx(0.3), "observed": 0.5},
        {"low": 0.5, "high": 1.0, "candidates": 2, "predicted": 0.75, "observed": 0.5},
    ]


def test_nothing_to_compare_fills_no_bin() -> None:
    assert bins(np.empty(0), np.empty(0)) == []


def ranker(checkerboard: Interactions, scores: np.ndarray | None) -> Ranker:
    """A ranker whose network gives its candidates, best neighbours first, the scores."""

    def score(features: np.ndarray) -> np.ndarray:
        assert scores is not None
        order = np.argsort(-features[:, RELATIVE], kind="stable")
        given = np.empty(len(features), dtype=np.float32)
        given[order] = scores[: len(features)]
        return given

    made = SimpleNamespace(score=score, signals=NETWORK_SIGNALS, context=False)
    network = None if scores is None else cast("NetworkScorer", made)
    retriever = Retriever.fit(checkerboard, RankingConfig())
    return Ranker(retriever, network, checkerboard.item_ids, checkerboard.user_ids)


@pytest.fixture
def everyone(checkerboard: Interactions) -> Holdout:
    """Each user of the checkerboard, with the one item of the own parity that the user lacks as the target."""
    return Holdout(np.arange(12, dtype=np.int32), checkerboard, Ragged(np.arange(13), np.arange(12, dtype=np.int32)))


def test_a_network_that_is_sure_of_the_first_neighbour_is_right(checkerboard: Interactions, everyone: Holdout) -> None:
    sure = np.array([np.log(0.82 / 0.03), 0, 0, 0, 0, 0, 0], dtype=np.float32)
    found = calibration(ranker(checkerboard, sure), everyone, seed=0)
    assert [(part["low"], part["candidates"], part["observed"]) for part in found] == [(0.02, 72, 0.0), (0.5, 12, 1.0)]
    assert [part["predicted"] for part in found] == pytest.approx([0.03, 0.82])


def test_several_targets_among_the_candidates_share_one_hit(checkerboard: Interactions, everyone: Holdout) -> None:
    both = Ragged(np.arange(0, 25, 2), np.array([[user, (user + 1) % 12] for user in range(12)], np.int32).ravel())
    users = replace(everyone, targets=both)
    found = calibration(ranker(checkerboard, np.zeros(7, dtype=np.float32)), users, seed=0)
    assert len(found) == 1
    assert found[0]["predicted"] == pytest.approx(1 / 7)
    assert found[0]["observed"] == pytest.approx(1 / 7)


def test_users_whose_candidates_hold_no_target_are_left_out(checkerboard: Interactions, everyone: Holdout) -> None:
    seen = Ragged(np.arange(13), np.array([(user + 2) % 12 for user in range(12)], dtype=np.int32))
    users = replace(everyone, targets=seen)
    assert calibration(ranker(checkerboard, np.zeros(7, dtype=np.float32)), users, seed=0) == []


def test_without_a_network_there_is_nothing_to_calibrate(checkerboard: Interactions, everyone: Holdout) -> None:
    assert calibration(ranker(checkerboard, None), everyone, seed=0) == []
