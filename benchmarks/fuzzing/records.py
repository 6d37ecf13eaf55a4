"""The record of a run: one line for each case, and what it comes to."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

RECORDS = "BENCHMARK_FUZZ_RECORDS"
"""Environment variable that names the file of the records."""
KEY = "BENCHMARK_FUZZ_KEY_ID"
"""Environment variable with the id of the key that asks: it is not revoked."""
SERVER_ERROR = 500


@dataclass
class Found:
    """What came of all cases; `failures` holds one record for each kind."""

    cases: int = 0
    server_errors: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    calls: set[str] = field(default_factory=set)
    failures: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


def read(path: Path) -> Found:
    """Read the records of a run; a line that is being written is left out."""
    found = Found()
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    for line in lines:
        record = orjson.loads(line)
        if "failure" in record:
            found.failures.setdefault((record["call"], record["failure"]["title"]), record)
            continue
        found.cases += 1
        found.statuses[record["status"]] += 1
        found.calls.add(record["call"])
        if record["status"] >= SERVER_ERROR:
            found.server_errors += 1
            found.failures.setdefault((record["call"], str(record["status"])), record)
    return found
