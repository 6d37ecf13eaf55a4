"""What is known before the test, and what is fitted once more on it."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.splitting import make_split

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
DAY = 86_400.0
START = 1_700_000_000.0


def pairs(part: Interactions) -> set[tuple[str, str]]:
    users, items = part.user_ids[part.users], part.item_ids[part.items]
    return {(user.decode(), item.decode()) for user, item in zip(users, items, strict=True)}


@pytest.fixture
def daily(table: MakeTable) -> pa.Table:
    """Ten users with an item on each of twenty days."""
    rows: list[Row] = [
        (f"u{user}", f"i{(user + day) % 25:02d}", START + day * DAY) for user in range(10) for day in range(20)
    ]
    return table(rows)


def test_temporal_refits_on_what_is_known_before_the_cut_and_on_nothing_of_the_test(daily: pa.Table) -> None:
    found = make_split(DataSet(daily), daily, protocol="temporal", test_days=3.0)
    assert found.refit
    assert found.window == 3 * DAY
    assert found.known.timestamps is not None
    assert found.train.timestamps is not None
    assert found.known.timestamps.max() == START + 16 * DAY
    assert found.train.timestamps.max() == START + 13 * DAY
    assert len(found.known.items) == 170
    tested = {
        (f"u{user}", found.everything.item_ids[item].decode())
        for row, user in enumerate(found.test.users)
        for item in found.test.targets.row(row)
    }
    assert len(tested) == 30
    assert not tested & pairs(found.known)
    assert found.test.history(0).items.tolist() == found.known.history(0).items.tolist()


def test_temporal_asks_at_the_moment_of_the_cut(daily: pa.Table) -> None:
    found = make_split(DataSet(daily), daily, protocol="temporal", test_days=3.0)
    for part, day in ((found.test, 16), (found.validation, 13)):
        assert part.moments is not None
        assert set(part.moments.tolist()) == {np.nextafter(START + day * DAY, np.inf)}
    assert found.test.history(0).ages().min() == pytest.approx(0.0, abs=1e-3)


def test_temporal_counts_nothing_twice_of_what_comes_back_in_the_test(table: MakeTable) -> None:
    rows: list[Row] = [("a", f"i{day}", START + day * DAY) for day in range(10)]
    rows += [("a", "i0", START + 9.5 * DAY), ("b", "i0", START), ("b", "i7", START + 7.5 * DAY)]
    made = table(rows)
    found = make_split(DataSet(made), made, protocol="temporal", test_days=1.0)
    names = found.everything.item_ids[found.test.targets.row(0)]
    assert names.tolist() == [b"i9"]
    assert found.known.strengths is None


@pytest.mark.parametrize("protocol", ["leave-last-out", "random"])
def test_others_do_not_refit_though_the_history_holds_the_validation_items(daily: pa.Table, protocol: str) -> None:
    found = make_split(DataSet(daily), daily, protocol=protocol)
    assert not found.refit
    assert found.window is None
    assert (found.test.moments, found.validation.moments) == (None, None)
    validated = np.diff(found.validation.target_offsets)
    trained, known = np.diff(found.train.offsets), np.diff(found.known.offsets)
    assert (known - trained).tolist() == validated.tolist()
    assert len(found.test.history(0)) == known[0]
    assert len(found.validation.history(0)) == trained[0]


def test_fixed_refits_on_all_interactions(daily: pa.Table, table: MakeTable) -> None:
    found = make_split(DataSet(daily, test=table([("u0", "i24"), ("u3", "i00")])), daily)
    assert found.refit
    assert pairs(found.known) == pairs(found.everything)
    assert len(found.train.items) == 190
    assert len(found.test.history(0)) == 20


def test_users_of_the_test_window_alone_have_no_row_to_be_fitted_on(daily: pa.Table, table: MakeTable) -> None:
    late = pa.concat_tables([daily, table([("new", "i00", START + 18 * DAY)])])
    found = make_split(DataSet(late), late, protocol="temporal", test_days=3.0)
    assert "new" not in {user for user, _ in pairs(found.known)}
    assert found.counts["new_test_users"] == 1
