"""The bounds of a history: a row for each of them, and the difference to those of a server."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.history_bounds import TRIED, cli
from models.data.folder import write_folder
from models.data.synthetic import generate
from models.ranking.retriever import BOUNDS


@pytest.mark.slow
def test_each_of_the_bounds_is_measured(tmp_path: Path) -> None:
    write_folder(tmp_path / "made", generate(60, 30, 1200, seed=1))
    done = CliRunner().invoke(cli, [str(tmp_path / "made"), "--budget", "0"])
    assert done.exit_code == 0, done.output
    rows = [line.strip("| ").split(" | ") for line in done.output.splitlines() if line.startswith("| made")]
    assert [row[1:3] for row in rows] == [[str(one.latest), str(one.whole)] for one in TRIED]
    assert all(0 < float(row[4]) < 1 for row in rows)
    assert [row[5] == "" for row in rows] == [one == BOUNDS for one in TRIED]
