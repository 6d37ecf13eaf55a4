"""Test users without a history stand apart from the test, with their items and their candidates."""

from collections.abc import Callable

import pyarrow as pa

from models.data.folder import DataSet
from models.data.splitting import Split, make_split

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
DAY = 86_400.0
ROWS: list[Row] = [("a", "w", 1.0), ("a", "x", 2.0), ("a", "y", 3.0), ("b", "x", 1.0), ("b", "y", 2.0)]


def split(table: pa.Table, protocol: str | None = None, **parts: pa.Table) -> Split:
    return make_split(DataSet(table, **parts), table, protocol=protocol)


def targets(found: Split) -> list[list[str]]:
    part = found.newcomers
    return [
        [found.everything.item_ids[item].decode() for item in part.targets.row(row)] for row in range(len(part.users))
    ]


def test_users_who_come_after_the_cut_are_newcomers(table: MakeTable) -> None:
    rows: list[Row] = [(user, f"{item}", day * DAY) for day, item in enumerate("stuvwxyz") for user in "ab"]
    rows += [("new", "s", 7 * DAY), ("new", "z", 7 * DAY + 1), ("late", "t", 7 * DAY), ("old", "t", 0.0)]
    found = split(table(rows), "temporal")
    assert [found.everything.user_ids[user] for user in found.newcomers.users] == [b"late", b"new"]
    assert targets(found) == [["t"], ["s", "z"]]
    assert [found.newcomers.history(row).items.tolist() for row in (0, 1)] == [[], []]
    assert [found.everything.user_ids[user] for user in found.test.users] == [b"a", b"b"]
    assert found.counts["new_test_users"] == 2


def test_users_of_a_test_file_whom_nobody_knows_are_newcomers(table: MakeTable) -> None:
    test = table([("z-new", "x"), ("a", "z"), ("0-new", "w"), ("z-new", "never-seen"), ("z-new", "x")])
    found = split(table(ROWS), test=test)
    assert targets(found) == [["w"], ["never-seen", "x"]]
    assert found.newcomers.users.tolist() == [2, 3]
    assert found.newcomers.candidate_list(0) is None
    assert len(found.test.users) == 1


def test_newcomers_keep_their_candidates(table: MakeTable) -> None:
    test = table([("a", "z"), ("n1", "x"), ("n2", "x")])
    listed = table([("n2", "x"), ("n2", "w"), ("a", "z"), ("nobody", "w")])
    found = split(table(ROWS), test=test, candidates=listed)
    names = found.everything.item_ids
    known, of_n2 = found.test.candidate_list(0), found.newcomers.candidate_list(1)
    assert found.newcomers.candidate_list(0) is None
    assert of_n2 is not None
    assert known is not None
    assert names[of_n2].tolist() == [b"w", b"x"]
    assert names[known].tolist() == [b"z"]


def test_where_everybody_has_a_history_there_are_none(table: MakeTable) -> None:
    for found in (split(table(ROWS)), split(table(ROWS), test=table([("a", "z")]), candidates=table([("b", "w")]))):
        assert len(found.newcomers.users) == 0
        assert len(found.newcomers.target_items) == 0
