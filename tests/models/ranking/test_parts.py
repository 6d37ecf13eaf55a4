"""Which recommenders a retriever has, and what it fits anew."""

from dataclasses import replace

import numpy as np
import pytest

from models.data.history import History
from models.data.interactions import Interactions
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import PARTS, SIGNALS
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.retriever import Retriever
from models.recommenders.ease import EaseConfig
from models.recommenders.registry import RECOMMENDERS

NONE = dict.fromkeys(PARTS, 0.0)


def config(**weights: float) -> RankingConfig:
    return RankingConfig(blend=BlendConfig(**NONE | weights))


def names(retriever: Retriever) -> list[str]:
    return [part.signals[0] for part in retriever.recommenders]


def test_every_recommender_has_its_settings_and_every_part_its_weight() -> None:
    settings = RankingConfig()
    assert len(set(SIGNALS)) == len(SIGNALS)
    for entry in RECOMMENDERS:
        assert getattr(settings, entry.name) == entry.config()
    for part in PARTS:
        assert part in BlendConfig.model_fields
        assert part in SIGNALS


def test_present_are_the_parts_that_the_data_has_something_for(checkerboard: Interactions) -> None:
    ordered = Retriever.fit(checkerboard, RankingConfig())
    expected = {"item_knn", "successor", "user_knn", "ease", "als", "spectral", "popularity"}
    assert set(ordered.present) == expected
    assert checkerboard.timestamps is not None
    dated = Retriever.fit(replace(checkerboard, timestamps=checkerboard.timestamps + 1.7e9), RankingConfig())
    assert set(dated.present) == expected | {"trending"}
    unordered = Retriever.fit(replace(checkerboard, timestamps=None), RankingConfig())
    assert set(unordered.present) == expected - {"successor"}
    twice = Interactions(
        *(getattr(checkerboard, name) for name in ("user_ids", "item_ids")),
        *(np.repeat(getattr(checkerboard, name), 2) for name in ("users", "items", "timestamps")),
    )
    assert "repeats" in Retriever.fit(twice, RankingConfig()).present


def test_only_the_wanted_parts_are_fitted_and_popularity_always(checkerboard: Interactions) -> None:
    found = Retriever.fit(checkerboard, RankingConfig(), parts=["ease"])
    assert names(found) == ["ease", "popularity"]
    assert set(found.present) == {"ease", "popularity"}


def test_pruning_leaves_out_what_has_no_weight_and_nobody_reads(checkerboard: Interactions) -> None:
    whole = Retriever.fit(checkerboard, config(item_knn=1.0, als=0.5))
    assert names(whole.pruned()) == ["item_knn", "als", "popularity"]
    read = config(item_knn=1.0).model_copy(update={"network_parts": ("spectral",)})
    assert names(whole.configured(read).pruned()) == ["item_knn", "spectral", "popularity"]
    assert names(Retriever.fit(checkerboard, config(trending=1.0)).pruned()) == ["popularity"]


def test_pruning_changes_no_score(checkerboard: Interactions) -> None:
    whole = Retriever.fit(checkerboard, config(item_knn=1.0, ease=0.5, trending=0.1))
    history = History(np.array([1, 3, 4], dtype=np.int32))
    scores = []
    for retriever in (whole, whole.pruned()):
        found = retriever.retrieve(history, CandidateQuery(excluded=history.items, limit=12))
        scores.append(dict(zip(found.items.tolist(), found.neighbours.tolist(), strict=True)))
    assert scores[0] == pytest.approx(scores[1])
    assert max(scores[0].values()) > 1


def test_a_bundle_holds_the_arrays_of_the_parts_that_are_left(checkerboard: Interactions) -> None:
    arrays = Retriever.fit(checkerboard, config(als=1.0)).pruned().arrays()
    assert {name.split("_")[0] for name in arrays} == {"als", "popularity"}


def test_refitting_fits_the_same_parts_on_other_data_with_other_settings(checkerboard: Interactions) -> None:
    few = Retriever.fit(checkerboard, RankingConfig(), parts=["item_knn", "ease"])
    even = checkerboard.select(checkerboard.items % 2 == 0)
    other = RankingConfig(ease=EaseConfig(regularization=7.0))
    found = few.refitted(even, other)
    assert names(found) == names(few) == ["item_knn", "ease", "popularity"]
    assert found.config == other
    assert found.popularity.counts[1::2].tolist() == [0.0] * 6
    assert few.popularity.counts[1::2].tolist() == [5.0] * 6
    expected = Retriever.fit(even, other, parts=["ease"]).recommenders[0].arrays()
    assert found.recommenders[1].arrays()["ease_values"].tolist() == expected["ease_values"].tolist()


def test_strengths_count_as_much_as_their_exponent_says(checkerboard: Interactions) -> None:
    weights = np.linspace(0.2, 1.0, len(checkerboard.items)).astype(np.float32)
    strong = replace(checkerboard, strengths=weights)
    values = {}
    for exponent in (0.0, 0.5, 1.0):
        settings = RankingConfig(strength_exponent=exponent)
        values[exponent] = Retriever.fit(strong, settings).arrays()["ease_values"].tolist()
    assert values[0.0] == Retriever.fit(checkerboard, RankingConfig()).arrays()["ease_values"].tolist()
    assert len({tuple(found) for found in values.values()}) == 3


def test_a_trending_part_has_a_weight_of_its_own(checkerboard: Interactions) -> None:
    by_trend, by_count = (
        Retriever.fit(checkerboard, config(**{part: 1.0})).retrieve(
            History(np.array([0], dtype=np.int32)), CandidateQuery(excluded=np.empty(0, dtype=np.int32))
        )
        for part in ("trending", "popularity")
    )
    assert by_count.neighbours.tolist() == pytest.approx([1.0] * 12, abs=1e-5)
    assert by_trend.neighbours.min() < 0.9
    assert by_trend.neighbours.max() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("n_users", [1, 2])
@pytest.mark.parametrize("n_items", [1, 2])
def test_the_smallest_data_give_numbers(n_users: int, n_items: int) -> None:
    users, items = (part.ravel().astype(np.int32) for part in np.mgrid[:n_users, :n_items])
    ids = np.array([b"0", b"1"])
    tiny = Interactions(ids[:n_users], ids[:n_items], users, items, np.arange(len(users), dtype=np.float64))
    retriever = Retriever.fit(tiny, config(**dict.fromkeys(PARTS, 1.0)))
    for history in (History(np.array([0], dtype=np.int32)), tiny.history(0), History(np.empty(0, dtype=np.int32))):
        found = retriever.retrieve(history, CandidateQuery(excluded=np.empty(0, dtype=np.int32)))
        assert sorted(found.items.tolist()) == list(range(n_items))
        assert np.isfinite(found.signals).all()
        assert np.isfinite(found.neighbours).all()
