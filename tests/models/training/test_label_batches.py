from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.data.interactions import Interactions
from models.data.timeline import Timeline
from models.training import label_batches as batches_of
from models.training.label_batches import Batch, label_batches
from tests.models.data.test_contexts import device, log_table

Row = tuple[object, ...]
DAY = 86_400.0
MakeTable = Callable[[list[Row]], pa.Table]


def planned(train: Interactions, window: float | None = None, seed: int = 0) -> list[Batch]:
    return list(label_batches(train, train, window, np.random.default_rng(seed), include_seen=False))


def rows(part: Interactions) -> set[tuple[int, int]]:
    return set(zip(part.users.tolist(), part.items.tolist(), strict=True))


def labels(batch: Batch, number: int) -> set[tuple[int, int]]:
    owner = int(batch.requests.users[number])
    return {(owner, item) for item in batch.requests.targets.row(number).tolist()}


def stops_of(batch: Batch) -> list[int]:
    assert batch.requests.stops is not None
    return [int(stop) for stop in batch.requests.stops]


def moment_of(batch: Batch) -> float:
    assert batch.requests.moments is not None
    (moment,) = set(batch.requests.moments.tolist())
    return float(moment)


def test_no_label_is_known_to_the_fit_that_scores_its_list(checkerboard: Interactions) -> None:
    for batch in planned(checkerboard):
        fitted = rows(batch.fitted)
        for number in range(len(batch.requests)):
            assert len(labels(batch, number)) == 1
            assert not labels(batch, number) & fitted


def test_the_latest_three_of_each_user_are_labels_once_with_what_came_before_as_history(
    checkerboard: Interactions,
) -> None:
    batches = planned(checkerboard)
    stops = np.array([stop for batch in batches for stop in stops_of(batch)])
    owners = np.concatenate([batch.requests.users for batch in batches])
    expected = [int(checkerboard.offsets[user + 1]) - back for user in range(12) for back in (3, 2, 1)]
    assert sorted(stops.tolist()) == expected
    assert checkerboard.users[stops].tolist() == owners.tolist()
    assert all(batch.requests.moments is None for batch in batches)
    assert sum(batch.share for batch in batches) == pytest.approx(1.0)


def test_a_fit_hides_the_latest_rows_of_its_own_users_and_no_others(checkerboard: Interactions) -> None:
    hidden: list[set[tuple[int, int]]] = []
    for batch in planned(checkerboard):
        gone = rows(checkerboard) - rows(batch.fitted)
        assert {user for user, _ in gone} == set(batch.requests.users.tolist())
        assert len(gone) == 3 * len(set(batch.requests.users.tolist())) <= 12
        hidden.append(gone)
    assert set.union(*hidden) == {
        (user, item) for user in range(12) for item in checkerboard.history(user).items[-3:].tolist()
    }


def test_the_first_of_a_user_is_no_label_for_want_of_a_history(table: MakeTable) -> None:
    made: list[Row] = [("a", "x", 1.0), ("b", "x", 1.0), ("b", "y", 2.0), ("c", "z", 1.0)]
    train = Interactions.from_table(table(made))
    (batch,) = planned(train)
    assert (batch.requests.users.tolist(), stops_of(batch)) == ([1], [2])
    assert labels(batch, 0) == {(1, 1)}


def test_nobody_with_two_interactions_gives_no_labels(checkerboard: Interactions) -> None:
    assert sum(len(batch.requests) for batch in planned(checkerboard.select(checkerboard.items < 2))) == 0


def test_a_large_data_set_gives_a_sample(checkerboard: Interactions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches_of, "MAX_SAMPLE", 7)
    assert sum(len(batch.requests) for batch in planned(checkerboard)) == 7


@pytest.fixture
def daily(table: MakeTable) -> Interactions:
    """Three users with an item on each of 20 days, and one who comes on day 18."""
    made: list[Row] = [(f"u{user}", f"i{day:02d}", float(day)) for user in range(3) for day in range(20)]
    return Interactions.from_table(table([*made, ("v", "i00", 18.0), ("v", "i01", 19.0)]))


def test_nothing_at_or_after_the_cut_is_fitted_and_labels_fall_within_the_window(daily: Interactions) -> None:
    assert daily.timestamps is not None
    batches = planned(daily, window=4.0)
    cuts = [moment_of(batch) for batch in batches]
    assert cuts == [15.0, 11.0, 7.0]
    ends = [19.0, 14.0, 10.0]
    for batch, cut, last in zip(batches, cuts, ends, strict=True):
        assert batch.fitted.timestamps is not None
        assert batch.fitted.timestamps.max() < cut
        assert len(batch.fitted.items) == (daily.timestamps < cut).sum()
        for row in range(len(batch.requests)):
            # The item of a day has the day's number.
            assert batch.requests.targets.row(row).tolist() == list(range(int(cut), int(last) + 1))
            assert batch.requests.history(row).items.max() < cut
    assert sum(batch.share for batch in batches) == pytest.approx(1.0)


def test_users_without_a_history_before_the_cut_have_no_list(daily: Interactions) -> None:
    for batch in planned(daily, window=4.0):
        assert batch.requests.users.tolist() == [0, 1, 2]
        assert all(len(batch.requests.history(row)) for row in range(3))


def test_users_without_a_label_in_the_window_have_no_list(table: MakeTable) -> None:
    made: list[Row] = [("a", f"i{day:02d}", float(day)) for day in range(20)]
    train = Interactions.from_table(table([*made, ("b", "i00", 0.0), ("b", "i01", 12.0)]))
    owners = [batch.requests.users.tolist() for batch in planned(train, window=4.0)]
    assert owners == [[0], [0, 1], [0]]


def test_a_window_that_leaves_no_time_before_it_gives_no_batch(daily: Interactions) -> None:
    assert planned(daily, window=10.0) == []


def test_without_an_order_labels_are_positions(checkerboard: Interactions) -> None:
    unordered = Interactions(checkerboard.user_ids, checkerboard.item_ids, checkerboard.users, checkerboard.items, None)
    assert sum(len(batch.requests) for batch in planned(unordered, window=4.0)) == 36


def test_the_same_seed_gives_the_same_plan(checkerboard: Interactions) -> None:
    first, again, other = (
        [batch.requests.users.tolist() for batch in planned(checkerboard, seed=seed)] for seed in (1, 1, 2)
    )
    assert first == again != other


@pytest.mark.parametrize("way", ["positions", "windows", "timeline"])
def test_a_label_list_knows_the_context_of_its_label(way: str) -> None:
    log = Interactions.from_table(log_table(12, 30))
    assert log.contexts is not None
    window = None if way == "positions" else 4 * DAY
    timeline = Timeline(pause=3600.0) if way == "timeline" else None
    rng = np.random.default_rng(0)
    days = np.rint((log.times - log.times.min() - log.users) / DAY).astype(int)
    seen = 0
    for batch in label_batches(log, log, window, rng, include_seen=True, timeline=timeline):
        for number, user in enumerate(batch.requests.users.tolist()):
            history = batch.requests.history(number)
            # Every day each user takes one item: the day that follows the history has the other device.
            last = int(days[log.users == user][len(history.every) - 1])
            assert device(log, history.profile) == ("mobile" if (user + last + 1) % 2 else "desktop")
            seen += 1
    assert seen >= 12
