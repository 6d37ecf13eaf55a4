"""Compares catalogues of different sizes: latency, requests a second, and the memory of one more worker."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.load.generated import catalogue
from benchmarks.load.probe import probe
from benchmarks.load.questions import chosen
from benchmarks.load.rounds import Options, Rounds, run_rounds
from benchmarks.load.server import Memory
from benchmarks.load.work import BUNDLES, DATABASE, Say, Work, prepare
from models.data.folder import write_folder

WORKERS = 2
_BUSY = 16
"""Connections that keep both workers busy before their memory is measured."""


@dataclass(frozen=True)
class Size:
    """The result for one catalogue; `prepared_in` is 0 if it existed already."""

    items: int
    prepared_in: float
    rounds: Rounds
    memory: list[Memory]

    @property
    def extra_worker(self) -> float:
        """Return the unique memory of one more worker in MB: the maximum over the workers."""
        return max(memory.uss for memory in self.memory if memory.role.startswith("worker"))


def measure_size(items: int, root: Path, options: Options, folder: Path, *, budget: float, say: Say) -> Size:
    """Generate and train, unless that was done before, and measure.

    Parameters
    ----------
    items
        Number of items in the catalogue.
    root
        Holds a working directory for each size.
    budget
        Seconds that training may spend on choosing settings; the same for every size.
    """
    start = time.perf_counter()
    work, made = home_of(items, root, budget=budget, say=say)
    prepared_in = time.perf_counter() - start if made else 0.0
    users = chosen(work.users(), options.users)
    answer, _ = probe(work, users, options, folder)
    groups = {f"{items:,} items": users}
    rounds = run_rounds(work, groups, options, workers=1, answer=answer, folder=folder, with_cached=False, say=say)
    brief = replace(options, rounds=1, connections=(_BUSY,))
    both = run_rounds(work, groups, brief, workers=WORKERS, answer=answer, folder=folder, with_cached=False, say=say)
    return Size(items, prepared_in, rounds, both.memory)


def home_of(items: int, root: Path, *, budget: float, say: Say) -> tuple[Work, bool]:
    """Generate, import and train a catalogue, unless that was done before; return whether anything was left to do."""
    home = root / f"catalogue-{items}"
    data, imported = home / "data", (home / DATABASE).exists()
    if not imported:
        say(f"generating {items:,} items")
        write_folder(data, catalogue(items))
    made = not imported or not (home / BUNDLES).exists()
    return prepare(home, data, budget=budget, say=say), made
