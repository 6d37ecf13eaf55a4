"""The measurement of ingestion: real servers, in a short form."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from benchmarks.ingestion import cli
from benchmarks.load.importing import write_rows
from benchmarks.load.wrk import MISSING


def test_every_option_stands_on_the_page(repository: Path) -> None:
    page = (repository / "docs/performance.md").read_text(encoding="utf-8").partition("## Ingestion")[2]
    for parameter in get_command(cli).params:
        if parameter.opts[0] != "--help":
            assert f"`{parameter.opts[0]}" in page


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("wrk") is None, reason=MISSING)
def test_posts_and_batches_are_measured(tmp_path: Path, repository: Path) -> None:
    output = tmp_path / "out" / "ingestion.md"
    short = ["--databases", "sqlite", "--parts", "singles,batches", "--seconds", "1", "--rounds", "1", "--batches", "4"]
    command = [sys.executable, "-m", "benchmarks.ingestion", *short, "--connections", "8", "--output", str(output)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(output.with_suffix(".json").read_text())["found"]
    assert found["singles"]["stored"][0] > 0
    assert found["keyed"] > 0
    page = output.read_text()
    assert "| sqlite | single posts |" in page
    assert "| sqlite | batches of 1,000 with random UUIDs |" in page


def test_a_part_that_is_none_is_refused() -> None:
    done = CliRunner().invoke(cli, ["--parts", "nothing"])
    assert done.exit_code == 2


def test_generated_rows_are_as_many_as_asked_for(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows", 2500, keyed=True)
    table = pq.read_table(tmp_path / "rows" / "interactions.parquet")
    assert (table.num_rows, len(set(table["event_id"].to_pylist()))) == (2500, 2500)
