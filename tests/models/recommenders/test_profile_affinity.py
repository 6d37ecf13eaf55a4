"""Affinities of profiles: how much more often users with a value reach an item."""

import json
import math
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.history import History
from models.data.interactions import Interactions
from models.data.profile_reader import ProfileReader, Value
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


def said(value: Value | None) -> tuple[str, str] | None:
    return None if value is None else (value.name, value.text)


def test_the_reason_names_the_value(affinity: ProfileAffinity) -> None:
    values = affinity.reader.read({"likes": ["Romance", "Horror"]})
    assert said(affinity.why(values, 0)) == ("likes", "horror")
    assert said(affinity.why(values, 1)) == ("likes", "romance")
    assert affinity.why([], 1) is None
    # What others take as often is popular among all.
    assert affinity.why(affinity.reader.read({"likes": "horror"}), 2) is None


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


def in_devices(users: int = 10) -> Interactions:
    """Each user took `a` on a mobile and `b` on a desktop, and `c` on what is even or odd of the two; `d` nowhere."""
    rows = []
    for user in range(users):
        devices = {"a": "mobile", "b": "desktop", "c": ("mobile", "desktop")[user % 2], "d": None}
        rows += [(f"u{user}", item, device) for item, device in devices.items()]
    contexts = [None if device is None else json.dumps({"device": device}) for _, _, device in rows]
    user_ids, item_ids, _ = zip(*rows, strict=True)
    return Interactions.from_table(pa.table({"user_id": user_ids, "item_id": item_ids, "context": contexts}))


def test_a_value_of_a_context_counts_what_was_reached_in_it() -> None:
    affinity = ProfileAffinity.fit(TrainingData(in_devices()), CONFIG)
    assert len(affinity.values) == 2
    mobile = affinity.reader.codes({}, {"device": "mobile"})
    [(items, lifts)] = affinity.rows_of(mobile)
    # Each item has a quarter of all interactions; 10 of `a` and 5 of `c` were made on a mobile.
    counted = {0: math.log(1 + 10 / (2 * 0.25)), 2: math.log(1 + 5 / (2 * 0.25))}
    assert dict(zip(items.tolist(), lifts.tolist(), strict=True)) == pytest.approx(counted)
    assert affinity.totals[affinity.known(mobile)].tolist() == [15.0]
    # An attribute of the same name is another value.
    assert affinity.lifted(affinity.reader.codes({"device": "mobile"})) is None


def test_few_users_share_no_value_of_a_context_however_many_rows_it_has() -> None:
    assert ProfileAffinity.fit(TrainingData(in_devices(4)), CONFIG).empty
    log = in_devices(12)
    few = log.select(log.users < 4)
    assert few.contexts is not None
    assert ProfileAffinity.fit(TrainingData(few), CONFIG).empty


def test_attributes_and_contexts_multiply_and_each_has_its_words() -> None:
    users = pa.table({"user_id": [f"u{n}" for n in range(10)], "likes": ["horror", "romance"] * 5})
    both = in_devices().with_profiles(Profiles.fit(users))
    affinity = ProfileAffinity.fit(TrainingData(both), CONFIG)
    alone = ProfileAffinity.fit(TrainingData(replace(both, contexts=None)), CONFIG)
    assert len(affinity.values) == 4
    profile, context = {"likes": "horror"}, {"device": "mobile"}
    [of_profile] = affinity.rows_of(affinity.reader.codes(profile))
    [of_context] = affinity.rows_of(affinity.reader.codes({}, context))
    [expected] = alone.rows_of(alone.reader.codes(profile))
    assert [part.tolist() for part in of_profile] == [part.tolist() for part in expected]
    lifted = affinity.lifted(affinity.reader.codes(profile, context))
    assert lifted is not None
    constant = math.log1p(20 / 2) + math.log1p(15 / 2)
    each = [dict(zip(items.tolist(), lifts.tolist(), strict=True)) for items, lifts in (of_profile, of_context)]
    factors = [math.exp(sum(one.get(item, 0.0) for one in each) - constant) for item in lifted.items.tolist()]
    assert lifted.factors.tolist() == pytest.approx(factors)
    values = affinity.reader.read(profile, context)
    assert affinity.why(values[1:], 0) == affinity.why(values, 0)
    assert said(affinity.why(values, 0)) == ("context.device", "mobile")
    # Half of its users like horror, whatever the item.
    assert affinity.why(values[:1], 0) is None
