"""What goes wrong with a command says so in one line, with the exit code that fits."""

import json
import re
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app.storage.migrations import newest_revision
from models.data.folder import write_folder
from models.data.synthetic import generate
from tests.conftest import QUICK_NETWORK

METRICS = ("recall", "ndcg", "hit_rate", "mrr", "map", "coverage", "novelty", "diversity")
KEYS = {
    *("protocol", "counts", "metrics", "intervals", "settings", "seconds", "peak_memory_mb"),
    *("segments", "trials", "curves", "calibration", "measured_at"),
    *("kinds", "left_out", "goal", "unmeasured", "profiles"),
}
Completed = subprocess.CompletedProcess[str]
Braid = Callable[..., Completed]


def says(done: Completed, code: int, *words: str) -> None:
    assert done.returncode == code, done.stdout + done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.endswith(": done")]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("braid: ")
    for word in words:
        assert word in lines[0]


def folder(tmp_path: Path, content: str | bytes | None, name: str = "interactions.csv") -> Path:
    made = tmp_path / "data"
    made.mkdir()
    if content is not None:
        (made / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return made


@pytest.mark.parametrize("command", ["import", "evaluate"])
@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("user_id,thing\nu,i\n", "interactions.csv", ("interactions.csv", "'item_id'")),
        ("user_id,item_id\n", "interactions.csv", ("interactions.csv", "no rows")),
        (b"not parquet", "interactions.parquet", ("interactions.parquet", "cannot be read")),
        (None, "", ("interactions.parquet nor interactions.csv",)),
    ],
)
def test_a_folder_that_cannot_be_used_ends_with_2(
    braid_here: Braid, tmp_path: Path, command: str, content: str | None, name: str, words: tuple[str, ...]
) -> None:
    made = folder(tmp_path, content, name)
    assert braid_here("migrate").returncode == 0
    says(braid_here(command, made), 2, *words)


def test_a_folder_that_is_not_there_ends_with_2(braid_here: Braid) -> None:
    says(braid_here("evaluate", "nowhere"), 2, "nowhere", "no such folder")


def test_tables_are_asked_for_before_anything_else(braid_here: Braid, tmp_path: Path) -> None:
    made = folder(tmp_path, "user_id,item_id\nu,i\n")
    for command in (("serve",), ("train",), ("import", made)):
        says(braid_here(*command), 1, "braid.sqlite3", "run `braid migrate`")
    assert not (tmp_path / "var").exists()


def test_migrate_is_done_once(braid_here: Braid) -> None:
    assert f"from nothing to {newest_revision()}" in braid_here("migrate").stdout
    assert "are up to date" in braid_here("migrate").stdout


def test_training_needs_interactions(braid_here: Braid) -> None:
    braid_here("migrate")
    says(braid_here("train"), 2, "no interactions to train on")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"BRAID_PORT": "many"}, ("BRAID_PORT", "valid integer")),
        ({"BRAID_WORKERS": "0"}, ("BRAID_WORKERS", "greater than or equal to 1")),
        ({"BRAID_DATABASE_URL": "mysql://a/b"}, ("BRAID_DATABASE_URL", "neither SQLite nor PostgreSQL")),
        ({"BRAID_DATABASE_URL": "postgresql://h/n?colour=red"}, ("BRAID_DATABASE_URL", "does not know: colour")),
        ({"BRAID_DATABASE_URL": "nonsense"}, ("BRAID_DATABASE_URL", "not a database URL")),
        ({"BRAID_LOG_LEVEL": "loud"}, ("BRAID_LOG_LEVEL", "'debug'")),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    braid_here: Braid, settings: dict[str, str], words: tuple[str, ...]
) -> None:
    says(braid_here("migrate", **settings), 1, *words)


def test_a_port_that_is_no_number_ends_a_process_with_1(braid: Braid) -> None:
    says(braid("serve", BRAID_PORT="many"), 1, "BRAID_PORT", "valid integer")


def test_an_unreachable_database_is_named_without_its_password(braid_here: Braid, free_port: int) -> None:
    done = braid_here("migrate", BRAID_DATABASE_URL=f"postgresql://braid:s3cret@127.0.0.1:{free_port}/braid")
    says(done, 1, f"127.0.0.1:{free_port}/braid")
    assert "s3cret" not in done.stderr


def test_folders_that_cannot_be_written_to_are_named(braid_here: Braid, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    says(braid_here("migrate", BRAID_DATABASE_URL="sqlite:///file/braid.sqlite3"), 1, "file")
    made = tmp_path / "data"
    write_folder(made, generate(40, 20, 400))
    braid_here("migrate")
    braid_here("import", made)
    says(braid_here("train", BRAID_BUNDLES="file/bundles"), 1, "file/bundles")


def test_a_port_in_use_is_named(braid_here: Braid) -> None:
    braid_here("migrate")
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        says(braid_here("serve", "--port", port), 1, f"127.0.0.1:{port}", "in use", "--port")
        says(braid_here("demo", "--synthetic", "--port", port), 1, f"127.0.0.1:{port}", "in use")


@pytest.mark.parametrize(
    "arguments",
    [
        ("evaluate", ".", "--k", "0"),
        ("evaluate", ".", "--k", "ten"),
        ("evaluate", ".", "--protocol", "x"),
        ("evaluate", ".", "--exclude-seen", "view,bought"),
        ("evaluate", ".", "--goal", "purchase;cart"),
        ("fly",),
    ],
)
def test_wrong_usage_ends_with_2(braid_here: Braid, arguments: tuple[str, ...]) -> None:
    done = braid_here(*arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr


def test_the_version_is_that_of_the_package(braid: Braid) -> None:
    assert braid("--version").stdout == "braid 0.1.0\n"


def test_an_evaluation_is_printed_and_written(braid_here: Braid, tmp_path: Path) -> None:
    made = tmp_path / "data"
    write_folder(made, generate(100, 40, 1500, groups=3))
    options = ("--k", "5,3", "--output", "out.json", "--budget", "0.001")
    done = braid_here("evaluate", made, *options, BRAID_NETWORK=QUICK_NETWORK)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Braid finds the item that a user chose next in ")
    of_tables = [line for line in lines if re.search(r" \d\.\d{4} *$", line)]
    assert max(map(len, of_tables)) <= 80
    assert "settings:" not in done.stdout
    words = [line.split() for line in lines]
    assert [line[:2] for line in words if line and line[0].startswith("@")] == [["@3", "recall"], ["@5", "recall"]]
    report = json.loads((tmp_path / "out.json").read_text())
    assert set(report) == KEYS
    assert report["protocol"] == "leave-last-out"
    assert {"braid", "item_knn", "user_knn", "popularity"} <= set(report["metrics"])
    assert {f"{name}@{k}" for name in METRICS for k in (3, 5)} == set(report["metrics"]["braid"])
    low, high = report["intervals"]["braid"]["recall@5"]
    assert 0 < low <= report["metrics"]["braid"]["recall@5"] <= high <= 1
    assert report["metrics"]["braid"]["ndcg@5"] > report["metrics"]["popularity"]["ndcg@5"]
    new = report["segments"]["new_users"]
    values = [
        f"{new['metrics'][part][metric]:.4f}" for metric in ("recall@5", "ndcg@5") for part in ("braid", "popularity")
    ]
    assert ["new", "users", str(new["users"]), *values] in words
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "<h1>Evaluation of data</h1>" in page
    assert report["measured_at"] in page


def test_similar_items_are_measured_printed_and_written(braid_here: Braid, tmp_path: Path) -> None:
    made = tmp_path / "data"
    write_folder(made, generate(120, 60, 2000, groups=3))
    arguments = ("--similar", "--output", "out.json", "--budget", "0", "--show", "i05")
    done = braid_here("evaluate", made, *arguments, BRAID_NETWORK=QUICK_NETWORK)
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out.json").read_text())
    assert {"random", "popular", "recommended", "item_knn", "content", "successor", "blend"} <= set(report["methods"])
    recall = {name: metrics["recall@10"] for name, metrics in report["methods"].items()}
    assert recall["blend"] > recall["random"]
    words = [line.split() for line in done.stdout.splitlines()]
    assert ["blend", f"{recall['blend']:.4f}"] in [line[:2] for line in words]
    assert not (tmp_path / "out.html").exists()


def test_options_of_recommendations_mean_nothing_for_similar_items(braid_here: Braid) -> None:
    for arguments in (("--similar", "--only", "ease"), ("--similar", "--include-seen"), ("--show", "i05")):
        done = braid_here("evaluate", ".", *arguments)
        assert done.returncode == 2
        assert "--similar" in done.stderr


def test_an_output_that_cannot_be_written_is_named_before_the_work(braid_here: Braid, tmp_path: Path) -> None:
    made = tmp_path / "data"
    write_folder(made, generate(20, 10, 100))
    says(braid_here("evaluate", made, "--output", "nowhere/out.json"), 1, "nowhere/out.json")
    (tmp_path / "out.html").mkdir()
    says(braid_here("evaluate", made, "--output", "out.json"), 1, "out.html")


def test_the_figures_are_not_written_over_by_their_page(braid_here: Braid, tmp_path: Path) -> None:
    made = tmp_path / "data"
    write_folder(made, generate(20, 10, 100))
    done = braid_here("evaluate", made, "--output", "out.html")
    assert (done.returncode, "--output" in done.stderr) == (2, True)
    assert not (tmp_path / "out.html").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--seed", "1099511627776"], 2, "--seed"),
        (["--budget", "inf"], 2, "--budget"),
        (["--from-manifest", "x" * 65], 1, "is not the name of a version"),
        (["--from-manifest", "../v"], 1, "is not the name of a version"),
        (["--refresh", "--from-manifest", "v"], 2, "--from-manifest"),
        (["--enqueue", "--force"], 2, "--force"),
        (["--enqueue", "--refresh"], 1, "kind"),
        (["--enqueue", "--from-manifest", "v"], 1, "from_manifest"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_cannot_be_trained_is_refused_in_a_line(
    braid_here: Braid, database_url: str, arguments: list[str], code: int, text: str
) -> None:
    for extra in ([], ["--enqueue"]) if "--enqueue" not in arguments else ([],):
        done = braid_here("train", *arguments, *extra, BRAID_DATABASE_URL=database_url)
        assert done.returncode == code, done.stderr
        assert text in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_job_is_left_to_a_worker_and_bundles_are_listed(braid_here: Braid, database_url: str, tmp_path: Path) -> None:
    where = {"BRAID_DATABASE_URL": database_url, "BRAID_BUNDLES": str(tmp_path / "none")}
    assert "is queued for a `braid worker`" in braid_here("train", "--enqueue", **where).stdout
    assert braid_here("bundles", **where).returncode == 0
    absent = braid_here("bundles", "activate", "v1", **where)
    assert (absent.returncode, "there is no bundle 'v1'" in absent.stderr) == (1, True)
