"""Histories that are given at test time are read for the test, and never trained on."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from models.data.folder import DataSet, write_folder
from models.data.folder_reader import read_folder
from models.data.splitting import Split, make_split
from models.training.evaluation_config import EvaluationConfig
from models.training.protocol import cleaned

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]


def split(table: MakeTable, *, include_seen: bool = False) -> Split:
    log = table([(user, item, float(at)) for user in "ab" for at, item in enumerate("wxyz")])
    dataset = DataSet(
        log,
        test=table([("s1", "z"), ("a", "only"), ("nobody", "w")]),
        histories=table([("s1", "w", 1.0), ("s1", "given", 2.0), ("s1", "w", 3.0), ("a", "given", 9.0)]),
    )
    return make_split(dataset, log, include_seen=include_seen)


def names(found: Split, codes: list[int]) -> list[str]:
    return [found.everything.item_ids[code].decode() for code in codes]


def test_they_are_the_histories_of_test_users(table: MakeTable) -> None:
    found = split(table)
    test = found.test
    users = [test.source.user_ids[user].decode() for user in test.users]
    histories = [names(found, test.history(row).items.tolist()) for row in range(len(test))]
    assert dict(zip(users, histories, strict=True)) == {"a": ["w", "x", "y", "z", "given"], "s1": ["given", "w"]}
    assert names(found, test.target_items.tolist()) == ["only", "z"]
    assert len(test.excluded(1)) == 2


def test_nothing_of_them_is_trained_on(table: MakeTable) -> None:
    found = split(table)
    given = found.everything.item_ids.tolist().index(b"given")
    for part in (found.train, found.known, found.everything, found.train_log, found.validation.source):
        assert given not in part.items
        assert part.n_users == 2
    # A user without a row in the training data.
    assert found.test.history(1).user >= found.known.n_users


def test_test_users_without_any_history_are_apart(table: MakeTable) -> None:
    found = split(table)
    assert len(found.newcomers.users) == 1
    assert found.counts["new_test_users"] == 1


def test_a_folder_holds_them(table: MakeTable, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    write_folder(folder, DataSet(table([("a", "w", 1.0)]), histories=table([("s", "w", 2.0)])))
    histories = read_folder(folder).histories
    assert histories is not None
    assert histories["user_id"].to_pylist() == ["s"]


def test_they_are_read_by_the_scale_of_the_interactions(table: MakeTable) -> None:
    names = ("user_id", "item_id", "event_type", "value")
    log = [(f"u{n}", f"i{n % 7}", "rating", float(1 + n % 5)) for n in range(200)]
    given = [("s", "i1", "rating", 4.0), ("s", "i2", "rating", 5.0), ("s", "i3", "rating", 1.0)]
    tables = [pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))) for rows in (log, given)]
    for histories, kept in ((tables[1], ["i1", "i2"]), (tables[1].slice(2), []), (tables[1].slice(0, 0), [])):
        found, _, _ = cleaned(DataSet(tables[0], histories=histories), EvaluationConfig())
        assert found.histories is not None
        assert found.histories["item_id"].to_pylist() == kept
