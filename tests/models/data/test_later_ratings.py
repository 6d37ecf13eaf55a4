import numpy as np
import pyarrow as pa
import pytest

from models.arrays.types import Int32
from models.data.cleaning import clean
from models.data.folder import DataSet
from models.data.later_ratings import LaterRatings
from models.data.splitting import Split, make_split

DAY = 86_400.0


def split(rows: list[tuple[str, str, float, float]], protocol: str) -> Split:
    columns = dict(zip(("user_id", "item_id", "value", "timestamp"), map(list, zip(*rows, strict=True)), strict=True))
    whole = pa.table(columns)
    table, report = clean(whole if protocol != "random" else whole.drop_columns("timestamp"))
    return make_split(DataSet(whole), table, protocol=protocol, scale=report.scale, disliked=report.disliked)


@pytest.fixture
def rows() -> list[tuple[str, str, float, float]]:
    """Two users who rate an item a day, every fourth of them low."""
    return [
        (user, f"i{(day + shift) % 24:02}", 1.0 if day % 4 == 3 else 5.0, 1e9 + day * DAY)
        for user, shift in (("a", 0), ("b", 9))
        for day in range(22)
    ]


@pytest.mark.parametrize("protocol", ["leave-last-out", "temporal", "random"])
def test_ratings_of_the_test_part_are_collected_good_and_bad(
    rows: list[tuple[str, str, float, float]], protocol: str
) -> None:
    found = split(rows, protocol)
    assert found.later is not None
    n_items = found.everything.n_items
    users, items = np.divmod(found.later.keys, n_items)
    for user in range(2):
        before = found.known.items[found.known.users == user]
        assert not np.isin(items[users == user], before).any()
    targets = np.repeat(found.test.users, np.diff(found.test.target_offsets)) * n_items + found.test.target_items
    assert np.isin(targets, found.later.keys).all()
    if protocol == "temporal":
        assert set(found.later.values.tolist()) == {1.0, 5.0}
        days = {(user, item): day for user, item, _, day in rows}
        names = [(found.everything.user_ids[u].decode(), found.everything.item_ids[i].decode())
                 for u, i in zip(users, items, strict=True)]  # fmt: skip
        assert min(days[name] for name in names) > 1e9 + 18.8 * DAY


def test_the_mean_is_taken_over_the_recommended_items_that_were_rated() -> None:
    later = LaterRatings(np.array([1, 2, 13, 14]), np.array([5.0, 1.0, 4.0, 2.0]), 10)
    users: Int32 = np.array([0, 1], dtype=np.int32)
    ranked: Int32 = np.array([[7, 1, 2], [3, 8, -1]], dtype=np.int32)
    assert later.means(users, ranked, (1, 2, 3)) == {
        "rating@1": 4.0,
        "rating@2": 4.5,
        "rating@3": pytest.approx(10 / 3),
    }
    assert later.means(users[:1], ranked[:1, :1], (1,)) == {"rating@1": 0.0}


def test_without_ratings_nothing_is_collected(rows: list[tuple[str, str, float, float]]) -> None:
    alike = [(user, item, 1.0, moment) for user, item, _, moment in rows]
    assert split(alike, "temporal").later is None
    amounts = [(user, item, float(at**4), moment) for at, (user, item, _, moment) in enumerate(rows)]
    assert split(amounts, "temporal").later is None
