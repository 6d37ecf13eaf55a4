"""The soak in a short form: a minute of mixed load with swaps and one restart of PostgreSQL."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import QUICK_NETWORK


@pytest.mark.slow
def test_nothing_is_lost_in_a_minute(isolated: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_NETWORK", QUICK_NETWORK)
    output = isolated / "soak.md"
    # A third of the capacity: a machine on which other tests run has none to spare.
    short = "--minutes 0.7 --share 0.3 --swap-seconds 12 --restarts 1 --items 300 --users 200"
    command = [sys.executable, "-m", "benchmarks.soak", *short.split(), "--capacity-seconds", "2", "--budget", "1"]
    done = subprocess.run(
        [*command, "--sample-seconds", "1", "--output", str(output)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert output.exists(), done.stderr
    lines = {line["what"]: line for line in json.loads(output.with_suffix(".json").read_text())["lines"]}
    # Memory and times are those of a machine on which nothing else runs.
    measured_alone = {
        "memory of all processes (PSS), MB",
        "known to the other process after",
        "requests that found no free connection",
    }
    assert {what for what, line in lines.items() if line["holds"] is False} <= measured_alone, done.stdout
    assert lines["restarts of the database"]["measured"] == "1"
    assert output.with_suffix(".svg").read_text().startswith("<?xml")
