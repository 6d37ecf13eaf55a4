from collections.abc import Callable

import pyarrow as pa
import pytest

from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.holdout import Holdout
from models.data.splitting import Split, make_split

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
ROWS: list[Row] = [("a", "w", 1.0), ("a", "x", 2.0), ("a", "y", 3.0), ("b", "x", 1.0), ("b", "y", 2.0)]


def split(table: pa.Table, *, include_seen: bool = False, **parts: pa.Table) -> Split:
    return make_split(DataSet(table, **parts), table, include_seen=include_seen)


def targets(found: Split, part: Holdout) -> dict[str, list[str]]:
    ids = found.everything
    return {
        ids.user_ids[user].decode(): [ids.item_ids[item].decode() for item in part.targets.row(row)]
        for row, user in enumerate(part.users)
    }


def test_fixed_tests_on_the_file_and_fits_on_everything_before(table: MakeTable) -> None:
    found = split(table(ROWS), test=table([("b", "w"), ("a", "z")]))
    assert targets(found, found.test) == {"a": ["z"], "b": ["w"]}
    assert targets(found, found.validation) == {"a": ["y"]}
    assert found.refit
    assert len(found.everything.items) == 5
    assert found.test.history(0).items.tolist() == found.everything.items[:3].tolist()


def test_fixed_counts_unknown_users_and_knows_unknown_items(table: MakeTable) -> None:
    found = split(table(ROWS), test=table([("a", "never-seen"), ("stranger", "x"), ("other", "x")]))
    assert targets(found, found.test) == {"a": ["never-seen"]}
    assert found.counts["new_test_users"] == 2
    assert found.counts["items"] == 3


def test_fixed_counts_users_whose_test_items_were_all_seen(table: MakeTable) -> None:
    found = split(table(ROWS), test=table([("a", "w"), ("b", "y"), ("b", "w"), ("b", "w")]))
    assert targets(found, found.test) == {"b": ["w"]}
    assert found.counts["test_users_without_unseen_items"] == 1


def test_include_seen_counts_items_of_the_history(table: MakeTable) -> None:
    found = split(table(ROWS), include_seen=True, test=table([("a", "w")]))
    assert targets(found, found.test) == {"a": ["w"]}
    assert found.test.excluded(0).tolist() == []


def test_include_seen_keeps_repeats_in_the_history(table: MakeTable) -> None:
    repeated = table([("a", "x", 1.0), ("a", "x", 2.0), ("a", "x", 3.0), ("a", "x", 4.0)])
    found = make_split(DataSet(repeated), repeated, include_seen=True)
    assert found.test.history(0).every.items.tolist() == [0, 0, 0]
    assert targets(found, found.test) == {"a": ["x"]}


def test_without_include_seen_the_history_may_not_be_recommended(table: MakeTable) -> None:
    found = split(table(ROWS), test=table([("a", "z")]))
    assert found.test.excluded(0).tolist() == found.test.history(0).items.tolist() != []


def test_rows_of_test_and_candidates_without_an_id_are_passed_over(table: MakeTable) -> None:
    blank: list[Row] = [("a", None), (None, "x"), ("", "x"), ("a", "")]
    found = split(table(ROWS), test=table([*blank, ("a", "z")]), candidates=table([*blank, ("a", "z")]))
    assert targets(found, found.test) == {"a": ["z"]}
    assert found.everything.item_ids.tolist() == [b"w", b"x", b"y", b"z"]
    assert found.counts["new_test_users"] == 0


@pytest.mark.parametrize("rows", [[("stranger", "x")], [("a", "w")], [("a", None)]])
def test_a_test_that_leaves_no_user_is_refused(table: MakeTable, rows: list[Row]) -> None:
    with pytest.raises(DataSetError, match=r"^test: no user has both interactions and a test item that is new"):
        split(table(ROWS), test=table(rows))


def test_candidates_are_the_complete_list_of_their_user(table: MakeTable) -> None:
    listed = table([("b", "w"), ("b", "q"), ("b", "w"), ("stranger", "x")])
    found = split(table(ROWS), test=table([("a", "z"), ("b", "w")]), candidates=listed)
    names = found.everything.item_ids
    of_a, of_b = found.test.candidate_list(0), found.test.candidate_list(1)
    assert of_a is None
    assert of_b is not None
    assert names[of_b].tolist() == [b"q", b"w"]


def test_without_candidates_all_items_are_ranked(table: MakeTable) -> None:
    assert split(table(ROWS), test=table([("a", "z")])).test.candidate_list(0) is None


def test_sampling_held_out_users_keeps_their_parts_together(table: MakeTable) -> None:
    rows: list[Row] = [(f"u{user}", f"i{item}", float(item)) for user in range(9) for item in range(user % 3, 6)]
    whole = split(table(rows), candidates=table([("u4", "i5"), ("u4", "i0")])).test
    sample, again = whole.sample(4, seed=2), whole.sample(4, seed=2)
    assert sample.users.tolist() == again.users.tolist() == sorted(set(sample.users.tolist()))
    assert len(sample.users) == 4
    for row, user in enumerate(sample.users):
        assert sample.history(row).items.tolist() == whole.history(user).items.tolist()
        assert sample.targets.row(row).tolist() == whole.targets.row(user).tolist()
        assert (sample.candidate_list(row) is None) == (whole.candidate_list(user) is None)
    assert whole.sample(9, seed=2) is whole
