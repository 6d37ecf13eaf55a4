"""Random calls that the description allows, and others, to a real server, for some seconds."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SECONDS = 15


@pytest.mark.slow
def test_no_answer_is_wrong(isolated: Path, repository: Path, trained_bundles: Path, sqlite_template: Path) -> None:
    home = isolated / "fuzz"
    home.mkdir()
    shutil.copyfile(sqlite_template, home / "braid.sqlite3")
    shutil.copytree(trained_bundles, home / "bundles")
    command = [sys.executable, "-m", "benchmarks.fuzz", "--home", str(home), "--seconds", str(SECONDS)]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    cases = re.search(r"([\d,]+) cases of (\d+) calls", done.stdout)
    assert cases is not None, done.stdout
    # A busy machine comes to a few calls only.
    assert int(cases[2]) > 10
    assert "0 kinds of failures, 0 answers of 5xx" in done.stdout
