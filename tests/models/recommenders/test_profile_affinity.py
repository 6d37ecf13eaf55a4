"""Affinities of profiles: how much more often users with a value reach an item."""

import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.history import History
from models.data.interactions import Interactions
from models.data.profile_reader import ProfileReader
from models.data.profiles import Profiles
from models.recommenders.profile_affinity import ProfileAffinity, ProfileAffinityConfig
from models.recommenders.recommender import TrainingData
from models.recommenders.score_board import ScoreBoard

CONFIG = ProfileAffinityConfig(pseudo_count=2.0, newcomer_weight=1.0)
NOBODY = np.empty(0, dtype=np.int32)


@pytest.fixture(scope="module")
def log() -> Interactions:
    """Ten users: the first five like horror and took `a`, the others took `b`; all took `c`."""
    pairs = [(f"u{n}", "a" if n < 5 else "b") for n in range(10)] + [(f"u{n}", "c") for n in range(10)]
    table = pa.table({"user_id": [user for user, _ in pairs], "item_id": [item for _, item in pairs]})
    profiles = Profiles.fit(
        pa.table(
            {
                "user_id": [f"u{n}" for n in range(10)],
                "likes": ["horror" if n < 5 else "romance" for n in range(10)],
                "age": [float(n + (n > 4)) for n in range(10)],
                "name": [f"name {n}" for n in range(10)],
            }
        )
    )
    return Interactions.from_table(table).with_profiles(profiles)


@pytest.fixture(scope="module")
def affinity(log: Interactions) -> ProfileAffinity:
    return ProfileAffinity.fit(TrainingData(log), CONFIG)


def scored(affinity: ProfileAffinity, **attributes: object) -> dict[int, tuple[float, float]]:
    with ScoreBoard(3, ProfileAffinity.signals) as board:
        affinity.score(History(NOBODY, profile=affinity.reader.codes(attributes)), board)
        signals = [board.scores(name).tolist() for name in ProfileAffinity.signals]
        return dict(zip(board.items.tolist(), zip(*signals, strict=True), strict=True))


def test_a_value_raises_what_its_users_reach(affinity: ProfileAffinity) -> None:
    # `a` has a quarter of all interactions, `c` half; users who like horror have 5 of each.
    found = scored(affinity, likes="horror")
    assert found.keys() == {0, 2}
    assert found[0][1] == pytest.approx(math.log(1 + 5 / (2 * 0.25)))
    assert found[2][1] == pytest.approx(math.log(1 + 5 / (2 * 0.5)))
    assert [found[item][0] for item in (0, 2)] == pytest.approx([5 / 2, 5 / 2])


def test_the_factors_of_several_values_multiply(affinity: ProfileAffinity) -> None:
    both = affinity.lifted(affinity.reader.codes({"likes": ["horror", "romance"]}))
    assert both is not None
    assert both.items.tolist() == [0, 1, 2]
    # Each value stands for 10 interactions: its factors are divided by 1 + 10 / 2.
    assert both.factors.tolist() == pytest.approx([11 / 36, 11 / 36, 1.0])


def test_an_item_that_nobody_reached_keeps_its_count(affinity: ProfileAffinity) -> None:
    one = affinity.lifted(affinity.reader.codes({"likes": "horror"}))
    assert one is not None
    counts = np.array([6.0, 6.0, 6.0, 6.0], dtype=np.float32)
    assert one.raised(np.array([0, 1, 2, 7], dtype=np.int32), counts).tolist() == pytest.approx([11.0, 1.0, 6.0, 6.0])


def test_values_that_are_unknown_or_rare_are_nothing(affinity: ProfileAffinity) -> None:
    for attributes in ({}, {"likes": "opera"}, {"name": "name 3"}, {"country": "horror"}):
        codes = affinity.reader.codes(attributes)
        assert affinity.lifted(codes) is None
        assert scored(affinity, **attributes) == {}
    assert affinity.lifted(None) is None


def test_without_a_weight_popularity_is_as_it_is(affinity: ProfileAffinity) -> None:
    off = affinity.configured(CONFIG.model_copy(update={"newcomer_weight": 0.0}))
    assert off.lifted(off.reader.codes({"likes": "horror"})) is None


def test_the_reason_names_the_value(affinity: ProfileAffinity) -> None:
    values = affinity.reader.read({"likes": ["Romance", "Horror"]})
    assert affinity.why(values, 0) == "popular among users with likes: horror"
    assert affinity.why(values, 1) == "popular among users with likes: romance"
    assert affinity.why([], 1) is None


def test_a_bundle_gives_back_the_same_affinities(log: Interactions, store: BundleStore) -> None:
    fitted = ProfileAffinity.fit(TrainingData(log), CONFIG)
    edges = {"age": np.array([20.0]), "height": np.array([1.5, 1.8])}
    reader = ProfileReader(edges, {"age": "number", "bio": "silent", "since": "time"})
    first = ProfileAffinity(CONFIG, reader, fitted.values, fitted.rows, fitted.totals, fitted.shares)
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    loaded = ProfileAffinity.load(store.publish(manifest, first.arrays()), CONFIG)
    assert loaded.fits(3, 10)
    assert scored(loaded, likes="horror") == scored(first, likes="horror") != {}
    profile = {"height": 1.6, "age": "30", "bio": "short", "since": "2024-01-01"}
    assert loaded.reader.read(profile) == first.reader.read(profile)
    assert [value.text for value in loaded.reader.read(profile)] == ["from 20", "1.5 to 1.8", "2024-01-01T00:00:00"]
    # Older bundles have no kinds: all values are as they come.
    arrays = {name: one for name, one in first.arrays().items() if "_kinds" not in name}
    older = ProfileAffinity.load(store.publish(manifest.model_copy(update={"version": "v0"}), arrays), CONFIG)
    assert [value.text for value in older.reader.read({"bio": "short"})] == ["short"]


def test_without_profiles_it_is_empty(log: Interactions, store: BundleStore) -> None:
    nothing = ProfileAffinity.fit(TrainingData(replace(log, profiles=None)), CONFIG)
    assert nothing.empty
    assert nothing.fits(3, 10)
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    assert ProfileAffinity.load(store.publish(manifest, nothing.arrays()), CONFIG).empty
