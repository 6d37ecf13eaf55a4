"""What users turned down is never recommended to them."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.data.cleaning import clean
from models.data.folder import DataSet
from models.data.holdout import Holdout
from models.data.splitting import Split, make_split

DAY = 86_400.0


def rated(rows: list[tuple[str, str, float | None, float]], *, ordered: bool = True) -> pa.Table:
    columns = dict(zip(("user_id", "item_id", "value", "timestamp"), map(list, zip(*rows, strict=True)), strict=True))
    whole = pa.table(columns)
    return whole if ordered else whole.drop_columns("timestamp")


def split(table: pa.Table, **options: Any) -> Split:
    kept, report = clean(table)
    return make_split(DataSet(table), kept, scale=report.scale, disliked=report.disliked, **options)


def excluded(holdout: Holdout, found: Split, user: bytes) -> set[bytes]:
    row = int(np.flatnonzero(found.everything.user_ids[holdout.users] == user)[0])
    return {found.everything.item_ids[item] for item in holdout.excluded(row)}


@pytest.fixture
def ratings() -> list[tuple[str, str, float | None, float]]:
    """Two users who liked six items in turn; user a turned down `low` early, `late` at the end, and rated c twice."""
    rows: list[tuple[str, str, float | None, float]] = [
        (user, item, 5.0, float(at)) for user in "ab" for at, item in enumerate("cdefgh")
    ]
    rows += [("b", "low", 5.0, 0.5), ("b", "late", 4.0, 0.6)]
    return [*rows, ("a", "low", 1.0, 2.5), ("a", "late", 1.0, 9.0), ("a", "c", 1.0, 0.5)]


def test_only_what_was_turned_down_before_is_known(ratings: list[tuple[str, str, float | None, float]]) -> None:
    found = split(rated(ratings))
    assert excluded(found.test, found, b"a") == {b"c", b"d", b"e", b"f", b"g", b"low"}
    assert excluded(found.validation, found, b"a") == {b"c", b"d", b"e", b"f", b"low"}
    assert excluded(found.test, found, b"b") == {b"low", b"late", b"c", b"d", b"e", b"f", b"g"}


def test_a_random_test_knows_a_random_share() -> None:
    rows: list[tuple[str, str, float | None, float]] = [
        (f"u{user}", f"i{item}", 5.0, 0.0) for user in range(40) for item in range(15)
    ]
    rows += [(f"u{user}", f"low{item}", 1.0, 0.0) for user in range(40) for item in range(10)]
    rows += [("one", f"low{item}", 5.0, 0.0) for item in range(10)]
    found = split(rated(rows, ordered=False))
    for holdout, known in ((found.test, 0.8), (found.validation, 0.6)):
        assert holdout.disliked is not None
        assert len(holdout.disliked.items) / 400 == pytest.approx(known, abs=0.07)


def test_seen_items_come_back_but_not_those_turned_down(ratings: list[tuple[str, str, float | None, float]]) -> None:
    found = split(rated(ratings), include_seen=True)
    # The last word counts: c was liked first.
    assert excluded(found.test, found, b"a") == {b"low", b"c"}
    assert excluded(found.test, found, b"b") == set()


def test_a_sample_keeps_each_users_own(ratings: list[tuple[str, str, float | None, float]]) -> None:
    found = split(rated(ratings))
    sample = found.test.sample(1, seed=0)
    user = found.everything.user_ids[sample.users[0]]
    assert excluded(sample, found, user) == excluded(found.test, found, user)


def test_a_test_item_that_was_turned_down_before_is_no_target() -> None:
    rows: list[tuple[str, str, float | None, float]] = [
        *(("a", item, 5.0, float(at)) for at, item in enumerate("cde")),
        *(("b", item, 5.0, 1.0) for item in "cde"),
    ]
    rows += [("b", "x", 5.0, 2.0), ("a", "x", 1.0, 2.5), ("a", "x", 5.0, 3.0), ("b", "e2", 4.0, 3.0)]
    found = split(rated(rows))
    assert [found.everything.user_ids[user] for user in found.test.users] == [b"b"]
    assert found.counts["test_users_without_unseen_items"] == 1


def test_events_against_an_item_count_as_much_as_low_ratings() -> None:
    columns = {
        "user_id": ["a"] * 5 + ["b"] * 5,
        "item_id": [*"cdefg", *"cdefx"],
        "event_type": ["view"] * 5 + ["view"] * 5,
        "timestamp": [float(at) for at in range(5)] * 2,
    }
    table = pa.table(columns)
    down = pa.table({"user_id": ["a"], "item_id": ["x"], "event_type": ["dislike"], "timestamp": [1.5]})
    found = split(pa.concat_tables([table, down]))
    assert b"x" in excluded(found.test, found, b"a")


def test_the_temporal_test_knows_what_was_turned_down_before_the_cut() -> None:
    rows: list[tuple[str, str, float | None, float]] = [
        (user, f"i{day}", 5.0, day * DAY) for day in range(20) for user in "ab"
    ]
    rows += [("b", "low", 5.0, 0.0), ("b", "late", 5.0, 0.0)]
    rows += [("a", "low", 1.0, 2 * DAY), ("a", "late", 1.0, 19 * DAY)]
    found = split(rated(rows), protocol="temporal", test_days=2.0)
    assert excluded(found.test, found, b"a") & {b"low", b"late"} == {b"low"}


def test_a_fixed_test_knows_all_of_it(ratings: list[tuple[str, str, float | None, float]]) -> None:
    kept, report = clean(rated(ratings))
    test = pa.table({"user_id": ["a", "b"], "item_id": ["late", "new"]})
    found = make_split(DataSet(kept, test=test), kept, scale=report.scale, disliked=report.disliked)
    # The item of a's test was turned down: a has nothing to find.
    assert [found.everything.user_ids[user] for user in found.test.users] == [b"b"]


def test_a_history_takes_what_was_turned_down_since_out_of_the_likes(
    ratings: list[tuple[str, str, float | None, float]],
) -> None:
    found = split(rated([*ratings, ("a", "d", 1.0, 4.5)]))
    history = found.test.history(0)
    assert [found.everything.item_ids[item] for item in history.items] == [b"e", b"f", b"g"]
    assert history.disliked is not None
    assert [found.everything.item_ids[item] for item in history.disliked] == [b"c", b"low", b"d"]
    # Validation is asked before the last of them.
    earlier = found.validation.history(0).disliked
    assert earlier is not None
    assert earlier.tolist() == history.disliked[:2].tolist()


def test_a_label_list_knows_what_was_turned_down_before_it(
    ratings: list[tuple[str, str, float | None, float]],
) -> None:
    table = rated([*ratings, ("a", "late", 4.0, 10.0), ("a", "low", 4.0, 4.2)])
    found = split(table, include_seen=True)
    assert found.disliked is not None

    def known(moment: float) -> list[bytes]:
        user = int(np.flatnonzero(found.everything.user_ids == b"a")[0])
        stop = int(np.searchsorted(np.asarray(found.log.timestamps)[found.log.users == user], moment))
        history = found.log.history(user, int(found.log.offsets[user]) + stop)
        assert found.disliked is not None
        return [found.log.item_ids[item] for item in found.disliked.of(user, history, moment)]

    # `c` was turned down after it was liked; `low` and `late` were liked after they were turned down.
    assert known(0.2) == []
    assert known(2.0) == [b"c"]
    assert known(3.0) == [b"c", b"low"]
    assert known(5.0) == [b"c"]
    assert known(9.5) == [b"c", b"late"]
    assert known(10.5) == [b"c"]


def test_under_a_random_test_a_later_like_counts_wherever_the_test_begins() -> None:
    """Every user turns an item down at first and likes it at last, after any row that may be held out."""
    rows: list[tuple[str, str, float | None, float]] = []
    for user in range(40):
        rows += [(f"u{user}", "again", 1.0, 0.0), *((f"u{user}", f"i{item}", 5.0, 1.0 + item) for item in range(9))]
        rows.append((f"u{user}", "again", 5.0, 20.0))
    found = split(rated(rows), protocol="random")
    again = found.everything.item_ids.tolist().index(b"again")
    for holdout in (found.validation, found.test):
        assert holdout.disliked is None or again not in holdout.disliked.items
