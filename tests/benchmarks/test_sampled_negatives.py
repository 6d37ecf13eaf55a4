"""The benchmark as a whole, in its short form: a tiny data set, and a server that is asked for some of its users."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.sampled_negatives import cli
from models.data.folder import write_folder
from models.data.synthetic import generate


@pytest.mark.slow
def test_the_server_ranks_candidates_as_the_evaluation_does(isolated: Path, repository: Path) -> None:
    write_folder(isolated / "tiny", generate(120, 200, 4000, seed=7, groups=4))
    options = ("tiny", "--budget", "0", "--negatives", "40", "--http", "60", "--output", "found.json")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.sampled_negatives", *options],
        cwd=isolated,
        env={**os.environ, "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((isolated / "found.json").read_text(encoding="utf-8"))
    assert found["users"] == 120
    assert found["metrics"]["braid"]["hit_rate@10"] > 10 / 41
    for metric in ("hit_rate@10", "ndcg@10"):
        best = found["best"][metric]
        assert best["difference"] == pytest.approx(
            found["metrics"]["braid"][metric] - found["metrics"][best["part"]][metric]
        )
        assert best["interval"][0] <= best["difference"] <= best["interval"][1]
        assert found["http"]["asked"][metric] == pytest.approx(found["http"]["evaluated"][metric], abs=0.005)
    assert f"braid | {found['metrics']['braid']['hit_rate@10']:.4f} |" in done.stdout


def test_a_missing_folder_is_reported_in_one_line(isolated: Path) -> None:
    done = CliRunner().invoke(cli, ["nowhere"])
    assert (done.exit_code, done.stderr) == (2, "sampled_negatives: nowhere: there is no such folder\n")
