"""The API's image is built and its services run by hand; `make containers` does that for the trainer too."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
BOUND = 300


def test_the_commands_of_the_containers_run_in_order(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "scripts/containers_by_hand.py"],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BOUND,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    lines = done.stdout.splitlines()
    order = [
        "$ python -m venv /opt/braid",
        "$ python -m pip install -c constraints.txt .",
        "$ python -m models.ranking.compile_kernels",
        "== migrate",
        "$ braid migrate",
        "== api",
        "$ braid serve &",
        "every command of the containers ran",
    ]
    assert [line for line in lines if line in order] == order
    left_out = [line for line in lines if line.startswith("left out: ")]
    assert len(left_out) == 1
    assert left_out[0].startswith("left out: groupadd --gid 10001 braid && useradd --uid 10001")
    assert any(line.startswith("  healthy after ") for line in lines)
