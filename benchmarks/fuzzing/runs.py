"""Runs of Schemathesis against one server, with a key that may do everything."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fuzzing.records import KEY, RECORDS, Found, read
from benchmarks.load.client import HOST
from benchmarks.load.errors import LoadError
from benchmarks.load.keys import new_key
from benchmarks.load.server import serving, tail
from benchmarks.load.work import Say, Work

_EVERYTHING, _BRIEF, _RANDOM = "examples,coverage,fuzzing,stateful", "examples,fuzzing,stateful", "fuzzing,stateful"
_SYSTEMATIC = 20_000
"""From so many cases on, those that the bounds of all fields make come first: some 60,000."""
_EACH = 20
"""Cases of each call in one run of the random ones."""
_REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class Fuzzed:
    """The database and the bundles that are copied for the run, and a folder for it."""

    work: Work
    folder: Path
    say: Say

    @contextmanager
    def served(self) -> Iterator["Target"]:
        """Serve copies, with a new key."""
        copied = self.work.copied(self.folder)
        bundles = self.folder / "bundles"
        shutil.copytree(self.work.bundles, bundles)
        work = Work(copied.database, bundles)
        key, key_id = new_key(work, "fuzz", "admin")
        with serving(work, self.folder) as server:
            yield Target(server.port, key, key_id, self.folder)


@dataclass(frozen=True)
class Target:
    """A server that is asked, with the key for it, and a folder for the records."""

    port: int
    key: str
    key_id: str
    folder: Path

    @property
    def _records(self) -> Path:
        return self.folder / "records.ndjson"

    def found(self) -> Found:
        """Read what was found so far."""
        return read(self._records)

    def run(self, *options: str, seed: int) -> None:
        """Run Schemathesis once; what it finds is in the records.

        Raises
        ------
        LoadError
            It did not come to its end.
        """
        url, log = f"http://{HOST}:{self.port}", self.folder / "schemathesis.log"
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--checks", "all"]
        command += ["--header", f"Authorization: Bearer {self.key}", "--generation-database", "none", "--no-shrink"]
        command += ["--continue-on-failure", "--warnings", "off", "--no-color", "--seed", str(seed), *options]
        # It leaves a folder with what it found where it runs.
        ours = {
            "PYTHONPATH": str(_REPOSITORY),
            "SCHEMATHESIS_HOOKS": "benchmarks.fuzzing.hooks",
            RECORDS: str(self._records),
            KEY: self.key_id,
        }
        with log.open("wb") as output:
            done = subprocess.run(  # noqa: S603 - our own
                command, cwd=self.folder, env={**os.environ, **ours}, stdout=output, stderr=output, check=False
            )
        # 1: there are failures.
        if done.returncode not in {0, 1} or not self.found().cases:
            raise LoadError(f"schemathesis ended with {done.returncode}:\n{tail(log)}")


def fuzz_until(fuzzed: Fuzzed, cases: int, *, seed: int) -> Found:
    """Run once with what is systematic, where so many are asked for, and with what is random until there are enough."""
    with fuzzed.served() as target:
        phases = _EVERYTHING if cases >= _SYSTEMATIC else _BRIEF
        while (found := target.found()).cases < cases:
            fuzzed.say(f"{found.cases:,} cases, {len(found.failures)} kinds of failures")
            target.run("--phases", phases, "--max-examples", str(_EACH), seed=seed)
            phases, seed = _RANDOM, seed + 1
        return found


def fuzz_for(fuzzed: Fuzzed, seconds: int, *, seed: int) -> Found:
    """Send random cases for some seconds."""
    with fuzzed.served() as target:
        target.run("--phases", _RANDOM, "--max-examples", "2", "--max-time", str(seconds), seed=seed)
        return target.found()
