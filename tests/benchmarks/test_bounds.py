"""The measurement of requests that ask for much: a row for each, and none of them a failure of the server."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import bounds_bodies, bounds_connections


@pytest.mark.slow
def test_each_of_them_is_answered_or_refused(repository: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.bounds", "--normal", "1"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    assert [row[0] for row in rows] == [one.name for one in (*bounds_bodies.ATTACKS, *bounds_connections.ATTACKS)]
    answers = {row[0]: row[1] for row in rows}
    assert not [name for name, said in answers.items() if re.search(r"\b50[03]\b|failed|Error", said)], answers
