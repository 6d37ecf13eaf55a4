"""What users were shown, what they passed over, and how often positions are looked at."""

import numpy as np
import pyarrow as pa
import pytest

from models.data.cleaning import clean
from models.data.folder import DataSet
from models.data.history import SECONDS_A_DAY, History
from models.data.impressions import Impressions, Shows, latest_before
from models.data.interactions import Interactions
from models.data.propensity import label_factors, propensities
from models.data.splitting import make_split
from models.data.worth import Worth

BEGIN = 1_750_000_000.0
HALF_HOUR = 1800.0
Event = tuple[str, str, str, float, object]


def log(rows: list[Event]) -> pa.Table:
    users, items, kinds, times, positions = zip(*rows, strict=True)
    return pa.table(
        {
            "user_id": users,
            "item_id": items,
            "event_type": kinds,
            "timestamp": [BEGIN + seconds for seconds in times],
            "position": pa.array(positions),
        }
    )


def read(table: pa.Table) -> tuple[Interactions, Impressions]:
    kept, report = clean(table)
    interactions = Interactions.from_table(kept, first_only=False, scale=report.scale)
    found = Impressions.from_table(report.shown, interactions)
    assert found is not None
    return interactions, found


def test_impressions_are_read_apart_with_codes_and_positions_of_any_type() -> None:
    rows: list[Event] = [("b", "y", "shown", 9.0, 2), ("a", "x", "view", 5.0, None), ("b", "y", "view", 8.0, 0)]
    rows += [("b", "x", "shown", 7.0, None), ("b", "never seen again", "shown", 7.0, 1), ("c", "x", "shown", 1.0, 3)]
    for table in (log(rows), log([(*row[:4], None if row[4] is None else str(row[4])) for row in rows])):
        interactions, found = read(table)
        assert interactions.user_ids.tolist() == [b"a", b"b"]
        assert (found.users.tolist(), found.items.tolist()) == ([1, 1], [0, 1])
        assert (found.times - BEGIN).tolist() == [7.0, 9.0]
        assert np.array_equal(found.positions, [np.nan, 2.0], equal_nan=True)


@pytest.mark.parametrize("times", [None, [1.0, 2.0]], ids=["no times", "only an order"])
def test_without_real_times_there_are_no_impressions(times: list[float] | None) -> None:
    table = pa.table({"user_id": ["a", "a"], "item_id": ["x", "x"], "event_type": ["view", "shown"]})
    table = table if times is None else table.append_column("timestamp", pa.array(times))
    kept, report = clean(table)
    assert report.shown is not None
    assert report.dropped == {"impression, which is read apart and is no interest": 1}
    assert Impressions.from_table(report.shown, Interactions.from_table(kept)) is None


def test_the_latest_row_of_the_same_key_is_found() -> None:
    keys, times = np.array([5, 5, 7, 5]), np.array([1.0, 3.0, 2.0, 3.0])
    wanted, moments = np.array([5, 5, 5, 7, 6]), np.array([0.5, 2.9, 3.0, 9.0, 9.0])
    assert latest_before(keys, times, wanted, moments).tolist() == [-1, 0, 3, 2, -1]


def test_shows_before_the_latest_interaction_with_the_item_say_nothing() -> None:
    history = History(np.array([3, 1], np.int32), times=np.array([10.0, 20.0]))
    items, times = np.array([1, 1, 3, 2], np.int32), np.array([20.0, 21.0, 9.0, 1.0])
    found = Shows.passed_over(items, times, history)
    assert list(zip(found.items.tolist(), found.times.tolist(), strict=True)) == [(1, 21.0), (2, 1.0)]
    nobody = History(np.empty(0, np.int32), times=np.empty(0))
    assert len(Shows.passed_over(items, times, nobody)) == 4


def test_one_show_tires_nobody_and_several_recover_with_the_days() -> None:
    shows = Shows(np.array([4, 4, 4, 2, 9, 9], np.int32), np.array([0.0, 0, 0, 0, -3, 0]) * SECONDS_A_DAY)
    items, values = shows.fatigue(0.0, 3.0)
    assert items.tolist() == [2, 4, 9]
    assert values == pytest.approx([0.0, 0.75, 1 - 2**-0.5])
    assert shows.fatigue(3 * SECONDS_A_DAY, 3.0)[1] == pytest.approx([0.0, 1 - 2**-0.5, 0.0])
    assert not shows.fatigue(30 * SECONDS_A_DAY, 3.0)[1].any()


def test_a_show_is_answered_by_what_follows_it_within_the_time() -> None:
    rows: list[Event] = [("a", item, "shown", 0.0, 0) for item in "wxyz"]
    rows += [("a", "x", "view", 5.0, None), ("a", "y", "view", HALF_HOUR + 1, None), ("a", "z", "view", -1.0, None)]
    rows += [("a", "w", "view", 0.0, None), ("b", "x", "view", 5.0, None)]
    interactions, found = read(log(rows))
    answered = found.answered(interactions, HALF_HOUR)
    assert interactions.item_ids[found.items[answered]].tolist() == [b"w", b"x"]
    # What may have been answered later is not known yet.
    early = found.known_with(interactions.select(interactions.times < BEGIN))
    assert len(early) == 0


def biased(users: int, seed: int = 0) -> tuple[pa.Table, np.ndarray]:
    """Lists of ten items of which only the position decides whether they are looked at; half of those are clicked.

    Ten items change places from list to list. In every second list the last place is that of item 10, which is as good
    as the others and nowhere else.
    """
    rng = np.random.default_rng(seed)
    looked = 1.0 / (1.0 + np.arange(10)) ** 0.8
    rows: list[Event] = []
    for user in range(users):
        shown = rng.permutation(10)
        for position, item in enumerate([*shown[:9], 10] if user % 2 else shown):
            rows.append((f"u{user}", f"i{item}", "shown", user * 10.0, position))
            if rng.random() < 0.5 * looked[position]:
                rows.append((f"u{user}", f"i{item}", "click", user * 10.0 + 1 + position, None))
        # Everybody is seen again, so that what was passed over is known.
        rows.append((f"u{user}", "end", "view", user * 10.0 + 60, None))
    return log(rows), looked


def test_propensities_are_those_of_the_positions_and_not_of_the_items() -> None:
    table, looked = biased(3000)
    interactions, found = read(table)
    estimated = propensities(found, found.answered(interactions, HALF_HOUR))
    assert estimated is not None
    assert estimated == pytest.approx(looked, abs=0.05)


def test_an_item_that_is_always_low_counts_as_its_equals() -> None:
    table, _ = biased(3000)
    interactions, found = read(table)
    factors = label_factors(found, interactions, HALF_HOUR)
    assert factors is not None
    items = interactions.item_ids[interactions.items]
    shows = np.bincount(found.items, minlength=interactions.n_items)

    def clicks_a_show(weights: np.ndarray) -> list[float]:
        return [
            weights[items == f"i{n}".encode()].sum() / shows[interactions.item_ids == f"i{n}".encode()].sum()
            for n in range(11)
        ]

    plain, weighed = clicks_a_show(np.ones_like(factors)), clicks_a_show(factors)
    assert plain[10] / np.mean(plain[:10]) < 0.6
    assert weighed[10] / np.mean(weighed[:10]) == pytest.approx(1.0, abs=0.15)
    assert np.all(factors[items == b"end"] == 1.0)
    worth = Worth.of(interactions, factors)
    assert worth is not None
    row = np.flatnonzero((items == b"i10") & interactions.first_targets)[0]
    values = worth.of_items(int(interactions.users[row]), interactions.items[row : row + 1])
    assert values == pytest.approx(factors[row : row + 1])


def test_too_few_shows_or_one_position_weigh_nothing() -> None:
    table, _ = biased(20)
    interactions, found = read(table)
    assert label_factors(found, interactions, HALF_HOUR) is None
    table, _ = biased(200)
    same = table.set_column(4, "position", pa.array([0] * table.num_rows))
    interactions, found = read(same)
    assert label_factors(found, interactions, HALF_HOUR) is None


def test_a_split_keeps_the_impressions_with_its_codes() -> None:
    table, _ = biased(30)
    kept, report = clean(table)
    split = make_split(DataSet(kept), kept, scale=report.scale, shown=report.shown)
    assert split.impressions is not None
    assert split.impressions.n_items == split.everything.n_items
    assert split.impressions.items.max() < split.everything.n_items
    assert make_split(DataSet(kept), kept, scale=report.scale).impressions is None
