"""The serving benchmark as a whole, in seconds: one generated catalogue serves all tests."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from benchmarks.load.sizes import home_of
from benchmarks.load.wrk import MISSING
from benchmarks.serving import cli

ITEMS = 1_500
QUICK_NETWORK = '{"members": 1, "epochs": 3}'
QUICK = ("--seconds", "1", "--rounds", "1", "--start-ups", "1", "--users", "100", "--connections", "4")
Completed = subprocess.CompletedProcess[str]
Bench = Callable[..., Completed]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold the working directory of one catalogue, generated, imported and trained once for all tests."""
    if shutil.which("wrk") is None:
        pytest.skip(MISSING)
    root = tmp_path_factory.mktemp("serving")
    with pytest.MonkeyPatch.context() as during:
        for name in [name for name in os.environ if name.startswith("BRAID_")]:
            during.delenv(name)
        during.setenv("BRAID_NETWORK", QUICK_NETWORK)
        home_of(ITEMS, root, budget=1, say=print)
    return root


@pytest.fixture
def work(home: Path) -> Path:
    return home / f"catalogue-{ITEMS}"


@pytest.fixture
def bench(isolated: Path) -> Bench:
    def run(*arguments: object) -> Completed:
        return subprocess.run(
            [sys.executable, "-m", "benchmarks.serving", *map(str, arguments), *QUICK, "--output", "out/serving.md"],
            cwd=isolated,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@pytest.mark.slow
def test_a_catalogue_of_a_size_is_measured(bench: Bench, home: Path, isolated: Path) -> None:
    done = bench("--catalogue", ITEMS, "--work", home)
    assert done.returncode == 0, done.stderr
    assert "wanted: less than 250" in done.stdout
    (size,) = json.loads((isolated / "out/serving.json").read_text())["sizes"]
    assert size["items"] == ITEMS
    assert {case["name"] for case in size["rounds"]["cases"]} == {"ceiling", f"{ITEMS:,} items"}
    assert sum(memory["role"].startswith("worker") for memory in size["memory"]) == 2


@pytest.mark.slow
def test_a_working_directory_is_measured(bench: Bench, work: Path, isolated: Path) -> None:
    done = bench("--work", work, "--workers", "1,2")
    assert done.returncode == 0, done.stderr
    assert (isolated / "out/serving.md").read_text() in done.stdout
    found = json.loads((isolated / "out/serving.json").read_text())
    assert [rounds["workers"] for rounds in found["serving"]] == [1, 2]
    for rounds in found["serving"]:
        runs = {(case["name"], case["connections"]): case["runs"][0]["measured"] for case in rounds["cases"]}
        assert len(runs) == 3
        assert all(run["requests"] > 0 and 0 < run["p50"] <= run["p99"] <= run["p99_9"] for run in runs.values())
    assert found["check"] == {"users": 100, "personalized": 100, "different_lists": 100}
    assert len(found["start_up"]) == 1


@pytest.mark.slow
def test_long_histories_are_measured_and_the_database_stays_as_it_is(bench: Bench, work: Path) -> None:
    before = (work / "braid.sqlite3").read_bytes()
    done = bench("--work", work, "--history")
    assert done.returncode == 0, done.stderr
    assert "times as long as 10 items (p50)." in done.stdout
    assert (work / "braid.sqlite3").read_bytes() == before


@pytest.mark.slow
def test_a_server_that_does_not_start_ends_the_run_with_its_words(bench: Bench, work: Path, isolated: Path) -> None:
    damaged = isolated / "work"
    shutil.copytree(work, damaged)
    (damaged / "bundles/CURRENT").write_text("20000101T000000000000Z\n")
    done = bench("--work", damaged)
    assert done.returncode == 1
    assert "there is no such bundle" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_load_generator_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(cli, ["--work", str(tmp_path)])
    assert done.exit_code == 1
    assert done.output == f"serving: {MISSING}\n"


def test_every_option_stands_on_the_page(repository: Path) -> None:
    page = (repository / "docs/performance.md").read_text(encoding="utf-8")
    for parameter in get_command(cli).params:
        if parameter.opts[0] not in {"dataset", "--help"}:
            assert f"`{parameter.opts[0]}" in page
