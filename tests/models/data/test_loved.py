"""Targets are what users love: the next rating is no target if it is a lukewarm one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.data.cleaning import clean
from models.data.folder import DataSet
from models.data.loved import loved_rows
from models.data.splitting import Split, make_split
from models.data.strengths import StrengthScale
from models.training.label_batches import label_batches

STARS = StrengthScale(low=1.0, high=5.0)
DAY = 86_400.0


def rated(rows: Sequence[tuple[str, str, float | None]], *, ordered: bool = True) -> pa.Table:
    users, items, values = (list(column) for column in zip(*rows, strict=True))
    table = pa.table({"user_id": users, "item_id": items, "value": pa.array(values, pa.float64())})
    times = pa.array([1e9 + at * DAY for at in range(len(rows))])
    return table.append_column("timestamp", times) if ordered else table


def split(table: pa.Table, **options: Any) -> Split:
    kept, report = clean(table)
    return make_split(DataSet(table), kept, scale=report.scale, disliked=report.disliked, **options)


@pytest.fixture
def lukewarm() -> pa.Table:
    """Two users with five loved items each, and lukewarm ones around the last two; everybody else rates high."""
    own = [("c", 5.0), ("d", 5.0), ("e", 4.0), ("m1", 3.0), ("f", 5.0), ("m2", 3.0), ("g", 5.0), ("m3", 3.0)]
    return rated([
        *((user, item, value) for user in "ab" for item, value in own),
        *(("z", item, 1.0) for item in "cdefg"),
        *(("z", f"m{at}", 5.0) for at in (1, 2, 3)),
    ])  # fmt: skip


def names(found: Split, codes: np.ndarray) -> list[str]:
    return [found.everything.item_ids[code].decode() for code in codes]


def test_four_of_five_is_loved_and_so_is_the_users_own_level() -> None:
    rows = [("mild", f"i{at}", value) for at, value in enumerate([5.0, 5.0, 5.0, 5.0, 4.0, 3.0, 1.0])]
    rows += [("harsh", f"i{at}", value) for at, value in enumerate([1.0, 1.0, 1.0, 1.0, 3.0, 2.0, 4.0])]
    found = loved_rows(rated(rows), STARS).tolist()
    assert found[:7] == [True, True, True, True, True, False, False]
    # Three stars of who seldom gives them are much; two are low on the scale, whoever gives them.
    assert found[7:] == [False, False, False, False, True, False, True]


def test_what_is_no_rating_is_loved() -> None:
    table = pa.table({
        "user_id": ["a"] * 4,
        "event_type": ["view", "purchase", "rating", "rating"],
        "value": pa.array([1.0, None, None, 3.0]),
    })  # fmt: skip
    assert loved_rows(table, STARS).tolist() == [True, True, True, True]
    assert loved_rows(table, StrengthScale(low=0.0, high=900.0, amounts=True)).all()


def test_one_rating_is_no_level() -> None:
    rows = [("one", "x", 3.0), *(("many", f"i{at}", 5.0) for at in range(20))]
    assert not loved_rows(rated(rows), STARS)[0]


def test_cleaning_marks_rows_only_where_some_may_not_be_targets(lukewarm: pa.Table) -> None:
    assert clean(lukewarm)[0]["_target"].to_pylist().count(False) == 6
    assert clean(lukewarm.drop_columns("value"))[0].column_names == ["user_id", "item_id", "timestamp"]


def test_the_last_loved_item_is_the_test_and_what_comes_after_it_is_never_known(lukewarm: pa.Table) -> None:
    found = split(lukewarm)
    assert names(found, found.test.target_items) == ["g", "g", "m3"]
    assert names(found, found.validation.target_items) == ["f", "f", "m2"]
    assert names(found, found.train.history(0).items) == ["c", "d", "e", "m1"]
    assert names(found, found.test.history(0).items) == ["c", "d", "e", "m1", "f", "m2"]


@pytest.mark.parametrize("options", [{"protocol": "temporal", "test_days": 2.0}, {"protocol": "random"}])
def test_lukewarm_items_are_no_targets_under_any_protocol(lukewarm: pa.Table, options: dict[str, Any]) -> None:
    rows = lukewarm.num_rows
    # One day after the other for everyone, so that a window of time holds something of all.
    turn = [at % 8 for at in range(rows)]
    table = lukewarm.set_column(3, "timestamp", pa.array([1e9 + at * DAY for at in turn]))
    found = split(table if options["protocol"] == "temporal" else table.drop_columns("timestamp"), **options)
    for holdout in (found.validation, found.test):
        for row, user in enumerate(holdout.users.tolist()):
            wanted = names(found, holdout.targets.row(row))
            lukewarm_ones = {"m1", "m2", "m3"} if user < 2 else set("cdefg")
            assert not lukewarm_ones & set(wanted)


def test_a_fixed_test_is_validated_on_what_was_loved(lukewarm: pa.Table) -> None:
    test = pa.table({"user_id": ["a", "b"], "item_id": ["new", "new"]})
    kept, report = clean(lukewarm)
    found = make_split(DataSet(lukewarm, test=test), kept, scale=report.scale, disliked=report.disliked)
    assert names(found, found.validation.target_items) == ["g", "g", "m3"]
    assert names(found, found.test.history(0).items)[-2:] == ["g", "m3"]


def test_the_network_learns_from_what_was_loved(lukewarm: pa.Table) -> None:
    train = split(lukewarm).everything
    loved = set(zip(train.users[train.targets].tolist(), train.items[train.targets].tolist(), strict=True))
    labels = set()
    for batch in label_batches(train, train, None, np.random.default_rng(0), include_seen=False):
        targets = batch.requests.targets
        labels |= {(int(user), int(targets.row(row)[0])) for row, user in enumerate(batch.requests.users)}
    assert labels
    assert labels <= loved
