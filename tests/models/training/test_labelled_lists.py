from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.arrays.types import Float32
from models.data.cleaning import clean
from models.data.goal import Goal
from models.data.impressions import Impressions
from models.data.interactions import Interactions
from models.data.progress import silent
from models.data.strengths import StrengthScale
from models.ranking.config import RankingConfig
from models.ranking.features import Scaler, feature_names
from models.ranking.network_config import NetworkConfig
from models.ranking.retriever import Retriever
from models.training.labelled_lists import LabelOptions, labelled_lists, sample_items, signals_of
from models.training.network import LabelledLists
from models.training.refresh import ChosenSettings, refresh

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]


def made(
    train: Interactions, *, seed: int = 0, sampled: int = 0, **options: Any
) -> tuple[LabelledLists, Scaler] | None:
    retriever = Retriever.fit(train, RankingConfig())
    return labelled_lists(train, retriever, LabelOptions(**options, sampled=sampled), seed=seed, progress=silent)


def column(train: Interactions, found: LabelledLists, name: str, scaler: Scaler) -> Float32:
    """Give one feature of all candidates before it was standardised."""
    place = feature_names(signals_of(Retriever.fit(train, RankingConfig()))).index(name)
    values: Float32 = found.features[..., place] * scaler.scale[place] + scaler.mean[place]
    return values


@pytest.fixture
def daily(table: MakeTable) -> Interactions:
    """Six users with a new item on each of 20 days and that of the first day again on the 19th."""
    rows: list[Row] = [
        (f"u{user}", f"i{(user * 3 + day) % 22:02d}", float(day)) for user in range(6) for day in range(20)
    ]
    rows += [(f"u{user}", f"i{user * 3 % 22:02d}", 18.5) for user in range(6)]
    return Interactions.from_table(table(rows), first_only=False)


def test_seen_items_are_candidates_where_they_are_wanted(checkerboard: Interactions) -> None:
    plain, seen = made(checkerboard), made(checkerboard, include_seen=True)
    assert plain is not None
    assert seen is not None
    assert sorted(set(plain[0].present.sum(axis=1).tolist())) == [8, 9, 10]
    assert set(seen[0].present.sum(axis=1).tolist()) == {12}


def test_a_seen_item_is_a_label_where_seen_items_are_wanted(daily: Interactions) -> None:
    plain, seen = (made(daily, window=4.0, include_seen=wanted) for wanted in (False, True))
    assert plain is not None
    assert seen is not None
    # Five new items from day 15 to day 19; among these days that of the first day comes again.
    assert (plain[0].labels > 0).sum(axis=1).max() == 5
    assert (seen[0].labels > 0).sum(axis=1).max() == 6


def test_a_window_gives_one_list_for_each_user_with_labels_of_equal_share(daily: Interactions) -> None:
    found = made(daily, window=4.0)
    assert found is not None
    lists, scaler = found
    # The windows from days 15, 11, 7 and so on, while there is as much time before.
    assert len(lists.labels) == 6 * 3
    assert lists.labels.sum(axis=1).tolist() == pytest.approx([1.0] * len(lists.labels))
    counts = (lists.labels > 0).sum(axis=1)
    assert lists.labels.max(axis=1).tolist() == pytest.approx((1 / counts).tolist())
    lengths = np.expm1(column(daily, lists, "history_length", scaler)[:, 0]).round().astype(int)
    assert sorted(lengths.tolist()) == [7] * 6 + [11] * 6 + [15] * 6


def test_the_same_seed_gives_the_same_lists(checkerboard: Interactions) -> None:
    first, again, other = (made(checkerboard, seed=seed) for seed in (1, 1, 2))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first[0].features.tolist() == again[0].features.tolist()
    assert first[0].features.tolist() != other[0].features.tolist()


def test_a_single_list_is_too_few(table: MakeTable) -> None:
    assert made(Interactions.from_table(table([("a", "x", 1.0), ("b", "x", 1.0), ("b", "y", 2.0)]))) is None


def test_lists_of_sampled_items_hold_one_label_and_no_item_of_the_history(daily: Interactions) -> None:
    plain, more = made(daily, window=4.0), made(daily, window=4.0, sampled=9)
    assert plain is not None
    assert more is not None
    lists, scaler = more
    assert len(lists.labels) == len(plain[0].labels) + 9
    sampled = slice(len(plain[0].labels), None)
    assert ((lists.labels[sampled] > 0).sum(axis=1) == 1).all()
    # Of 22 items the user has had at least seven.
    assert lists.present[sampled].sum(axis=1).max() <= 15
    assert np.isfinite(column(daily, more[0], "history_length", scaler)).all()


def test_sampled_items_are_neither_excluded_nor_a_second_label() -> None:
    labels, excluded = np.array([3, 4], dtype=np.int32), np.array([0, 1, 2], dtype=np.int32)
    for seed in range(20):
        found = sample_items(8, labels, excluded, 30, np.random.default_rng(seed)).tolist()
        assert len(found) == len(set(found))
        assert len(set(found) & {3, 4}) == 1
        assert set(found) - {3, 4} <= {5, 6, 7}


def test_old_settings_whose_scores_are_relative_to_all_candidates_learn_as_new_ones_do(
    daily: Interactions, tmp_path: Path
) -> None:
    """Before there were given lists, a sampled item was one of the candidates, of which there may be too many."""
    old = RankingConfig(generated_reference=False)
    learned = refresh(
        daily.first_of_each_pair(),
        ChosenSettings(old.changed("blend", network_weight=0.5, candidates=10)),
        tmp_path,
        LabelOptions(log=daily),
        NetworkConfig(members=1, epochs=1),
        scale=StrengthScale(),
        seed=0,
        progress=silent,
    )
    assert learned.ranker.retriever.config.generated_reference
    assert learned.network is not None


def test_lists_whose_labels_count_more_weigh_more(table: MakeTable) -> None:
    rows: list[Row] = [(f"u{user}", f"i{(user + step) % 9}", float(step)) for user in range(6) for step in range(8)]
    made_of = table(rows).append_column("event_type", pa.array(["view", "purchase"] * 24))
    made_of = made_of.append_column("revenue", pa.array([float(row % 7) for row in range(48)]))
    cleaned, _ = clean(made_of, goal=Goal.parse("purchase:revenue"))
    log = Interactions.from_table(cleaned, first_only=False)
    train = log.steps().standing_for(log)
    found, plain = made(train, log=log), made(replace(train, worth=None), log=replace(log, worth=None))
    assert found is not None
    assert plain is not None
    sums = found[0].labels.sum(axis=1)
    assert sums.mean() == pytest.approx(1.0)
    assert sums.std() > 0.1
    assert plain[0].labels.sum(axis=1).tolist() == pytest.approx([1.0] * len(plain[0].labels))


def test_what_was_passed_over_is_drawn_before_random_items() -> None:
    rng = np.random.default_rng(0)
    labels, excluded = np.array([3], np.int32), np.array([4], np.int32)
    found = sample_items(1000, labels, excluded, 20, rng, passed=np.array([3, 4, 500, 501], np.int32))
    assert {3, 500, 501} <= set(found.tolist())
    assert 4 not in found
    assert len(found) <= 21
    many = np.arange(10, 60, dtype=np.int32)
    assert set(sample_items(1000, labels, excluded, 20, rng, passed=many).tolist()) == {3, *range(10, 30)}


def test_labels_count_by_the_position_that_led_to_them(checkerboard: Interactions) -> None:
    begin = 1_700_000_000.0
    # Days between the steps of each user: what is shown before one belongs to no other.
    steps = begin + np.concatenate([np.arange(n) for n in np.diff(checkerboard.offsets)]) * 86_400.0
    train = replace(checkerboard, timestamps=steps)
    # A minute before each step every item is shown, what is had next far down where its code is odd.
    users, times = np.repeat(train.users, train.n_items), np.repeat(steps - 60.0, train.n_items)
    items = np.tile(np.arange(train.n_items, dtype=np.int32), len(steps))
    low = (items % 2 == 1) & (items == np.repeat(train.items, train.n_items))
    positions = np.where(low, 5.0, np.random.default_rng(0).integers(0, 6, len(items)))
    shown = Impressions(users, items, times, positions, train.n_items)
    weighed, plain, unplaced = (
        made(train, impressions=each) for each in (shown, None, replace(shown, positions=np.full(len(items), np.nan)))
    )
    assert weighed is not None
    assert plain is not None
    assert unplaced is not None
    assert np.ptp(plain[0].labels.sum(axis=1)) == 0
    assert np.array_equal(unplaced[0].labels, plain[0].labels)
    assert np.ptp(weighed[0].labels.sum(axis=1)) > 0.1
    assert weighed[0].labels.sum() == pytest.approx(plain[0].labels.sum())
