"""Compares long histories with short ones: new users with a number of interactions with known items each."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.load.errors import LoadError
from benchmarks.load.probe import probe
from benchmarks.load.rounds import Options, Rounds, run_rounds
from benchmarks.load.work import Say, Work
from models.data.columns import EVENT_TYPE, ITEM, USER
from models.data.folder import DataSet, write_folder

LENGTHS = (10, 1000)
_USERS = 200
"""Users of each length: with all values of `limit`, some 18,000 different requests."""


def case_name(length: int) -> str:
    """Return the name of the case of a length."""
    return f"{length:,} items"


def measure_history(work: Work, options: Options, folder: Path, say: Say) -> Rounds:
    """Import the users into a copy of the database, and measure one request after the other.

    Raises
    ------
    LoadError
        There are fewer known items than the longest history has, or a request failed.
    """
    copy = work.copied(folder)
    users = {length: [f"history-{length}-{number}" for number in range(_USERS)] for length in LENGTHS}
    write_folder(folder / "history", _histories(*work.item_counts(), users))
    copy.braid("import", str(folder / "history"))
    answer, _ = probe(copy, users[LENGTHS[-1]], options, folder)
    return run_rounds(
        copy,
        {case_name(length): group for length, group in users.items()},
        replace(options, connections=(1,)),
        workers=1,
        answer=answer,
        folder=folder,
        with_cached=False,
        say=say,
    )


def _histories(items: list[str], counts: list[int], users: dict[int, list[str]]) -> DataSet:
    """Draw distinct items for each user, in proportion to their interactions; there are no times."""
    if len(items) < max(users):
        raise LoadError(f"a history of {max(users):,} items needs as many, and there are {len(items):,}")
    generator = np.random.default_rng(0)
    share = np.array(counts) / sum(counts)
    owners: list[str] = []
    drawn: list[str] = []
    for length, group in users.items():
        for user in group:
            owners += [user] * length
            drawn += [items[position] for position in generator.choice(len(items), length, replace=False, p=share)]
    return DataSet(pa.table({USER: owners, ITEM: drawn, EVENT_TYPE: ["view"] * len(owners)}))
