"""The replay: what is asked and posted, and the lists of the simple systems beside it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from benchmarks.load.errors import LoadError
from benchmarks.replayed import simple
from benchmarks.replayed.log import ReplayedLog, cut_log
from models.arrays.types import Int32
from models.data.folder import DataSet, write_folder
from models.data.folder_reader import read_folder
from models.data.synthetic import generate

START = 1_700_000_000
DAY = 86_400


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Two users before the last day, one of them and a new one on it."""
    rows = [("a", "w", 0), ("a", "x", 1), ("b", "w", 2), ("b", "z", 3), ("a", "y", 11 * DAY), ("a", "z", 11 * DAY + 60)]
    rows += [
        ("c", "no id", 11 * DAY + 80),
        ("c", "w", 11 * DAY + 90),
        ("a", "x", 11 * DAY + 120),
        ("c", "y", 11 * DAY + 30 * 60),
    ]
    users, items, times = (list(column) for column in zip(*rows, strict=True))
    kinds = ["view"] * 4 + ["purchase", *["view"] * 5]
    table = pa.table(
        {"user_id": users, "item_id": items, "event_type": kinds, "timestamp": [START + float(at) for at in times]}
    )
    write_folder(tmp_path / "shop", DataSet(table))
    return tmp_path / "shop"


@pytest.fixture
def replayed(shop: Path, tmp_path: Path) -> ReplayedLog:
    return cut_log(shop, tmp_path / "before", days=1.0, include_seen=False, seed=0)


def names(replayed: ReplayedLog, codes: Int32) -> list[str]:
    return [replayed.log.item_ids[code].decode() for code in codes if code >= 0]


def test_what_comes_before_is_trained_on_and_all_else_is_posted_in_order(replayed: ReplayedLog, tmp_path: Path) -> None:
    assert read_folder(tmp_path / "before").interactions.num_rows == 4
    posted = replayed.table.take(replayed.order).to_pylist()
    assert [(row["user_id"], row["item_id"]) for row in posted] == [
        ("a", "y"), ("a", "z"), ("c", "w"), ("a", "x"), ("c", "y"),
    ]  # fmt: skip
    assert posted[0]["event_type"] == "purchase"


def test_each_post_with_something_new_after_it_is_asked_before(replayed: ReplayedLog) -> None:
    questions = replayed.questions
    assert questions.kinds is not None
    found = [
        (
            replayed.log.user_ids[user].decode(),
            names(replayed, questions.history(row).items),
            sorted(names(replayed, questions.targets.row(row))),
            replayed.names[questions.kinds[row]],
        )
        for row, user in enumerate(questions.users)
    ]
    assert found == [
        ("a", ["w", "x"], ["y", "z"], "visit_start"),
        ("a", ["w", "x", "y"], ["z"], "visit_step"),
        ("c", [], ["w", "y"], "newcomers"),
        ("c", ["w"], ["y"], "visit_step"),
    ]


def test_recent_popularity_counts_what_was_posted_until_then(replayed: ReplayedLog) -> None:
    lists = simple.recent_popularity(replayed, days=1.0, length=3, seed=0)
    # At c's last post all items have one interaction of the last day; c knows w.
    assert sorted(names(replayed, lists[3])) == ["x", "y", "z"]
    # At a's second post only y has one.
    assert names(replayed, lists[1])[0] != "y"
    assert names(replayed, lists[2])[:2] in (["y", "z"], ["z", "y"])


def test_item_knn_leads_from_items_to_those_of_the_same_users(replayed: ReplayedLog) -> None:
    lists = simple.item_knn(replayed, length=2, seed=0)
    assert names(replayed, lists[0])[0] == "z"


def test_a_log_without_times_is_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "order", DataSet(pa.table({"user_id": ["a"], "item_id": ["x"], "timestamp": [1.0]})))
    with pytest.raises(LoadError, match="needs times"):
        cut_log(tmp_path / "order", tmp_path / "before", days=1.0, include_seen=False, seed=0)


@pytest.mark.slow
def test_a_log_is_replayed_over_http(tmp_path: Path, repository: Path) -> None:
    write_folder(tmp_path / "made", generate(60, 30, 1200, seed=1))
    output = tmp_path / "out" / "replay.json"
    options = [tmp_path / "made", "--days", "3", "--budget", "2", "--output", output]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.replay", *map(str, options)],
        cwd=repository,
        env={**os.environ, "BRAID_NETWORK": '{"members": 1, "epochs": 2}'},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(output.read_text())
    assert found["posts"] > 20
    assert found["requests_per_second"] > 1
    segment = found["segments"]["visit_start"]
    assert segment["users"] > 10
    assert set(segment["metrics"]) == {"braid", "popularity_recent", "item_knn"}
    assert 0 < segment["metrics"]["braid"]["ndcg@20"] < 1
