"""Settings of similar items, chosen on pairs whose answer is plain."""

import dataclasses

import numpy as np
import pyarrow as pa
import pytest

from models.bundle.loader import Bundle
from models.data.interactions import Interactions
from models.data.liked_pairs import LikedPairs
from models.ranking.ranker import Ranker
from models.similar.config import SimilarConfig
from models.training.budget import Budget
from models.training.similar_settings import choose_similar
from models.training.similar_trial import PairTable

START = 1.7e9
GROUPS, MEMBERS = 6, 12


@pytest.fixture(scope="module")
def log() -> Interactions:
    """Users who like one group of items each, and a few items that everybody has."""
    rng = np.random.default_rng(5)
    rows = []
    for user in range(240):
        own = rng.permutation(MEMBERS)[:7] + MEMBERS * (user % GROUPS)
        hits = GROUPS * MEMBERS + rng.permutation(8)[:5]
        for place, item in enumerate(rng.permutation(np.concatenate([own, hits]))):
            rows.append((f"u{user:03d}", f"i{item:02d}", START + user * 86_400 + place * 60))
    return Interactions.from_table(
        pa.table({name: [row[at] for row in rows] for at, name in enumerate(("user_id", "item_id", "timestamp"))})
    )


@pytest.fixture(scope="module")
def catalogue(log: Interactions) -> pa.Table:
    """Categories are the groups; titles are words at random."""
    ids = [name.decode() for name in log.item_ids.tolist()]
    words = np.random.default_rng(6).integers(0, 9, len(ids))
    return pa.table({
        "item_id": ids,
        "title": [f"word{word}" for word in words],
        "categories": [[f"g{min(int(name[1:]) // MEMBERS, GROUPS)}"] for name in ids],
    })  # fmt: skip


def choose(log: Interactions, catalogue: pa.Table | None, seconds: float = 1000.0) -> SimilarConfig:
    return choose_similar(log, catalogue, seed=0, budget=Budget(seconds))


def test_a_field_that_foretells_nothing_gets_less_weight(log: Interactions, catalogue: pa.Table) -> None:
    chosen = choose(log, catalogue)
    assert chosen.categories > chosen.title


def test_the_same_seed_chooses_the_same(log: Interactions, catalogue: pa.Table) -> None:
    assert choose(log, catalogue) == choose(log, catalogue)


def test_without_a_catalogue_fields_stay_as_they_are(log: Interactions) -> None:
    chosen, start = choose(log, None), SimilarConfig()
    assert chosen.weights == start.weights
    assert (chosen.content_weight, chosen.agreement) == (start.content_weight, start.agreement)


def test_without_an_order_nothing_is_near(log: Interactions, catalogue: pa.Table) -> None:
    assert choose(dataclasses.replace(log, timestamps=None), catalogue).nearness == 0.0


def test_a_spent_budget_and_too_few_pairs_leave_the_start(log: Interactions, catalogue: pa.Table) -> None:
    assert choose(log, catalogue, 0.0) == SimilarConfig()
    assert choose(log.select(log.users < 20), catalogue) == SimilarConfig()


def pair_table(log: Interactions, pairs: LikedPairs, labels: list[frozenset[str]]) -> PairTable:
    return PairTable.draw(log, pairs, labels, seed=0)


@pytest.fixture
def tiny() -> PairTable:
    """Four items; of item 0 comes item 1, of item 2 item 3."""
    items = np.arange(4, dtype=np.int32)
    known = Interactions(
        np.array([b"u", b"v"]), np.array([b"a", b"b", b"c", b"d"]), np.array([0, 0, 0, 0, 1], np.int32),
        np.array([0, 1, 2, 3, 3], np.int32), None,
    )  # fmt: skip
    pairs = LikedPairs(items[[0, 2]], items[[1, 3]], np.zeros(2, np.int32), np.zeros(5, dtype=np.bool_))
    return pair_table(known, pairs, [frozenset("x"), frozenset("x"), frozenset(), frozenset("y")])


def test_a_hit_is_among_the_best_above_zero(tiny: PairTable) -> None:
    assert tiny.items.tolist() == [0, 2]
    assert tiny.others.tolist() == [0, 1, 2, 3]
    scores = np.array([[9, 1, 0, 0], [5, 4, 9, 0]], dtype=np.float32)
    assert tiny.hits(scores).tolist() == [1.0, 0.0]


def test_overlap_is_that_of_a_count_by_hand(tiny: PairTable) -> None:
    scores = np.array([[9, 1, 0, 1], [0, 0, 9, 1]], dtype=np.float32)
    # The list of the first item is the second and the fourth, of which one is of its category; the third has none.
    assert tiny.mean_overlap(scores) == pytest.approx(0.5)


def test_of_equal_scores_the_first_code_wins() -> None:
    users = np.repeat(np.arange(2, dtype=np.int32), 15)
    known = Interactions(
        np.array([b"u", b"v"]), np.array([f"i{item:02d}".encode() for item in range(15)]), users,
        np.tile(np.arange(15, dtype=np.int32), 2), None,
    )  # fmt: skip
    first, second = np.array([0, 0], np.int32), np.array([10, 11], np.int32)
    pairs = LikedPairs(first, second, np.zeros(2, np.int32), np.zeros(30, dtype=np.bool_))
    table = pair_table(known, pairs, [frozenset()] * 15)
    hits = table.hits(np.ones((1, 15), dtype=np.float32))
    assert sorted(hits.tolist()) == [0.0, 1.0]
    assert table.mean_overlap(np.ones((1, 15), dtype=np.float32)) == 0.0


def test_a_bundle_keeps_what_was_chosen_and_all_methods(trained: Bundle) -> None:
    ranker = Ranker.load(trained)
    assert ranker.similar is not None
    assert ranker.similar.config == ranker.retriever.config.similar
    assert ranker.similar.fits(len(ranker.item_ids))
    # The synthetic log has views alone.
    assert sorted(ranker.similar.together) == ["viewed_together"]
    assert len(ranker.similar.content.rows.indices)
