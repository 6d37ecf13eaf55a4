from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from models.arrays.types import Float32
from models.data.history import History
from models.ranking import feature_kernels
from models.ranking.blend import blend
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import PARTS, SIGNALS, Candidates
from models.ranking.features import FEATURES, FeatureBuilder, Scaler
from models.ranking.retriever import Retriever
from models.recommenders.popularity import Popularity, PopularityConfig

Codes = Callable[..., npt.NDArray[np.int32]]


def floats(*values: float) -> Float32:
    return np.array(values, dtype=np.float32)


@pytest.fixture
def built(codes: Codes) -> dict[str, list[float]]:
    signals = np.zeros((len(SIGNALS), 3), dtype=np.float32)
    signals[SIGNALS.index("item_knn")] = [2, 4, 0]
    signals[SIGNALS.index("item_knn_unweighted")] = [1, 1, 2]
    signals[SIGNALS.index("user_knn")] = [3, 3, 1]
    signals[SIGNALS.index("ease")] = [-1, -2, -3]
    candidates = Candidates(
        items=codes(2, 0, 1),
        signals=signals,
        parts=np.zeros((len(PARTS), 3), dtype=np.float32),
        neighbours=floats(0.5, 1.0, 0.0),
        history_length=3,
    )
    recent = np.stack([floats(0, 2, 4), floats(4, 2, 0), floats(1, 1, 1), floats(0, 0, 0)])
    features = FeatureBuilder(Popularity(PopularityConfig(), floats(10, 5, 1), recent)).build(candidates)
    return dict(zip(FEATURES, features.T.tolist(), strict=True))


def test_scores_are_given_as_they_are_and_relative_to_the_best(built: dict[str, list[float]]) -> None:
    assert built["item_knn_score"] == [2.0, 4.0, 0.0]
    assert built["item_knn_relative"] == [0.5, 1.0, 0.0]
    assert built["item_knn_unweighted_relative"] == [0.5, 0.5, 1.0]
    assert built["item_knn_last_score"] == built["item_knn_last_relative"] == [0.0, 0.0, 0.0]
    assert built["ease_score"] == [-1.0, -2.0, -3.0]
    assert built["ease_relative"] == [0.0, 0.0, 0.0]
    assert built["user_knn_relative"] == pytest.approx([1.0, 1.0, 1 / 3])
    assert built["neighbours_relative"] == [0.5, 1.0, 0.0]


def test_ranks_are_logarithms_from_zero_for_the_best_and_ties_share_the_better(built: dict[str, list[float]]) -> None:
    one, two = np.log1p(1), np.log1p(2)
    assert built["item_knn_rank"] == pytest.approx([one, 0.0, two])
    assert built["user_knn_rank"] == pytest.approx([0.0, 0.0, two])
    assert built["item_knn_last_rank"] == [0.0, 0.0, 0.0]
    assert built["neighbours_rank"] == pytest.approx([one, 0.0, two])
    assert built["popularity_share_rank"] == pytest.approx([two, 0.0, one])


def test_popularity_is_the_logarithm_of_the_share_of_the_busiest(built: dict[str, list[float]]) -> None:
    shares, recent = np.log([0.1001, 1.0001, 0.5001]), np.log([1.0001, 0.0001, 0.5001])
    assert built["popularity_share"] == pytest.approx(shares.tolist(), abs=1e-5)
    assert built["popularity_recent_0"] == pytest.approx(recent.tolist(), abs=1e-5)
    assert built["popularity_trend_0"] == pytest.approx((recent - shares).tolist(), abs=1e-5)
    assert built["popularity_recent_1"] == pytest.approx(np.log([0.0001, 1.0001, 0.5001]).tolist(), abs=1e-4)
    assert built["popularity_recent_3"] == pytest.approx([np.log(0.0001)] * 3, abs=1e-4)
    assert built["history_length"] == pytest.approx([np.log(4)] * 3)


def test_features_do_not_change_when_all_counts_double(codes: Codes, retriever: Retriever) -> None:
    found = retriever.retrieve(History(codes(0, 2)), CandidateQuery(excluded=codes(0, 2)))
    counts = floats(*range(12))
    once, twice = (
        FeatureBuilder(Popularity(PopularityConfig(), counts * by, np.tile(counts * by, (4, 1)))) for by in (1, 2)
    )
    assert once.build(found).tolist() == twice.build(found).tolist()


@pytest.mark.parametrize("history", [(), (0,), (1, 3, 5), tuple(range(12))])
def test_features_are_finite_for_any_history(codes: Codes, retriever: Retriever, history: tuple[int, ...]) -> None:
    found = retriever.retrieve(History(codes(*history)), CandidateQuery(excluded=codes()))
    features = FeatureBuilder(retriever.popularity).build(found)
    assert features.shape == (12, len(FEATURES))
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def test_no_candidates_give_no_features(codes: Codes, retriever: Retriever) -> None:
    found = retriever.retrieve(History(codes(1)), CandidateQuery(excluded=codes(*range(12))))
    assert FeatureBuilder(retriever.popularity).build(found).shape == (0, len(FEATURES))


def test_features_are_finite_where_nothing_was_counted(codes: Codes) -> None:
    signals, parts = (np.zeros((len(names), 2), dtype=np.float32) for names in (SIGNALS, PARTS))
    nothing = Candidates(codes(0, 1), signals, parts, floats(0, 0), 0)
    popularity = Popularity(PopularityConfig(), floats(0, 0), np.zeros((4, 2), dtype=np.float32))
    assert np.isfinite(FeatureBuilder(popularity).build(nothing)).all()


def test_the_scaler_brings_each_column_to_mean_zero_and_deviation_one() -> None:
    features = np.array([[1, 10], [3, 10], [1, 10], [3, 10]], dtype=np.float32)
    scaler = Scaler.fit([features[:1], features[1:]])
    assert (scaler.mean.tolist(), scaler.scale.tolist()) == ([2.0, 10.0], [1.0, 1.0])
    assert scaler.transform(features).tolist() == [[-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [1.0, 0.0]]


def test_the_scaler_cuts_off_beyond_eight_deviations() -> None:
    scaler = Scaler(floats(0), floats(2))
    assert scaler.transform(np.array([[100], [-100], [4]], dtype=np.float32)).tolist() == [[8.0], [-8.0], [2.0]]


def test_standardised_scores_have_mean_zero_and_deviation_one() -> None:
    assert feature_kernels.standardise(floats(1, 3), floats(1, 3)).tolist() == [-1.0, 1.0]
    assert feature_kernels.standardise(floats(5, 5, 5), floats(5, 5, 5)).tolist() == [0.0, 0.0, 0.0]
    assert feature_kernels.standardise(floats(), floats()).tolist() == []


def mixed(*neighbours: float, generated: tuple[bool, ...] | None = None) -> Candidates:
    count = len(neighbours)
    signals, parts = (np.zeros((len(names), count), dtype=np.float32) for names in (SIGNALS, PARTS))
    marks = None if generated is None else np.array(generated)
    return Candidates(np.arange(count, dtype=np.int32), signals, parts, floats(*neighbours), 3, generated=marks)


def test_weight_zero_is_the_neighbours_and_weight_one_the_network() -> None:
    neighbours, network = mixed(1, 3), floats(40, 20)
    assert blend(neighbours, network, 0.0).tolist() == [1.0, 3.0]
    assert blend(neighbours, network, 1.0).tolist() == [1.0, -1.0]
    assert blend(neighbours, network, 0.25).tolist() == [-0.5, 0.5]


def test_scores_are_standardised_by_what_was_generated() -> None:
    found = blend(mixed(1, 3, 9, generated=(True, True, False)), floats(40, 20, 0), 0.25)
    assert found.tolist() == [-0.5, 0.5, 0.75 * 7 - 0.25 * 3]


def test_where_all_that_was_generated_is_equal_the_list_itself_is_the_measure() -> None:
    found = blend(mixed(2, 2, 5, 1, generated=(True, True, False, False)), floats(7, 7, 7, 7), 0.25)
    assert found.argmax() == 2
    assert found[3] < found[0] == found[1] < found[2]


def test_a_strand_of_equal_scores_leaves_the_decision_to_the_other() -> None:
    assert blend(mixed(0, 0), floats(1, 2), 0.25).tolist() == [-0.25, 0.25]
    assert blend(mixed(1, 2), floats(7, 7), 0.75).tolist() == [-0.25, 0.25]


@pytest.mark.parametrize("count", [3, 400, 401, 2000])
def test_ranks_of_short_and_long_lists_are_those_that_counting_gives(count: int) -> None:
    rng = np.random.default_rng(count)
    signals = rng.integers(0, count // 2 + 1, size=(len(SIGNALS), count)).astype(np.float32)
    candidates = Candidates(
        np.zeros(count, dtype=np.int32), signals, signals[: len(PARTS)], rng.random(count).astype(np.float32), 3
    )
    popularity = Popularity(PopularityConfig(), np.ones(1, dtype=np.float32), np.ones((4, 1), dtype=np.float32))
    features = FeatureBuilder(popularity).build(candidates)
    for row, name in ((0, SIGNALS[0]), (5, SIGNALS[5])):
        expected = np.log1p((signals[row][None, :] > signals[row][:, None]).sum(axis=1))
        assert features[:, FEATURES.index(f"{name}_rank")].tolist() == pytest.approx(expected.tolist(), rel=1e-6)
    neighbours = candidates.neighbours
    expected = np.log1p((neighbours[None, :] > neighbours[:, None]).sum(axis=1))
    assert features[:, FEATURES.index("neighbours_rank")].tolist() == pytest.approx(expected.tolist(), rel=1e-6)
