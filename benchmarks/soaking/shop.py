"""The shop that is served: generated, imported into the database of the run, and trained on."""

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks.load.errors import LoadError
from benchmarks.load.generated import catalogue
from benchmarks.load.postgresql import Cluster, cluster
from benchmarks.load.work import BUNDLES, DATABASE, Work
from models.bundle.store import BundleStore
from models.data.columns import ITEM, USER
from models.data.folder import write_folder


@dataclass(frozen=True)
class Shop:
    """Database and bundles, with the ids of users, items and categories; `cluster` is None with SQLite."""

    work: Work
    users: list[str]
    items: list[str]
    categories: list[str]
    budget: float
    cluster: Cluster | None

    def versions(self) -> list[str]:
        """List the versions of its bundles, oldest first."""
        return sorted(BundleStore(self.work.bundles).versions())

    async def train(self) -> None:
        """Train once more, beside what is served.

        Raises
        ------
        LoadError
            It failed.
        """
        command = ["nice", sys.executable, "-m", "app.cli", "train", "--budget", str(self.budget)]
        process = await asyncio.create_subprocess_exec(
            *command, env=self.work.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        _, said = await process.communicate()
        # 4: the gate has refused the bundle, which is there all the same.
        if len(self.versions()) < 2:  # noqa: PLR2004 - the first one and this
            raise LoadError(f"braid train: ended with {process.returncode}: {said.decode(errors='replace')[-1000:]}")

    async def events(self, prefix: str) -> list[str]:
        """Read the `event_id` of all interactions whose id begins with a text, by the database's own means."""
        query = f"SELECT event_id FROM interactions WHERE event_id LIKE '{prefix}%'"  # noqa: S608 - our own prefix
        if self.work.url is None:
            with closing(sqlite3.connect(self.work.database)) as connection:
                return [row[0] for row in connection.execute(query)]
        connection = await asyncpg.connect(self.work.url)
        try:
            return [row[0] for row in await connection.fetch(query)]
        finally:
            await connection.close()


@contextmanager
def shop(folder: Path, database: str, *, items: int, users: int, budget: float) -> Iterator[Shop]:
    """Make a shop with one trained bundle, on PostgreSQL or SQLite, that is gone afterwards."""
    data = catalogue(items, users=users)
    write_folder(folder / "data", data)
    assert data.items is not None  # noqa: S101 - the generator makes them
    names = data.interactions[USER].unique().to_pylist()
    ids = data.items[ITEM].to_pylist()
    categories = sorted({name for names in data.items["categories"].to_pylist() for name in names})
    if database == "sqlite":
        yield _prepared(Shop(Work(folder / DATABASE, folder / BUNDLES), names, ids, categories, budget, None), folder)
        return
    with cluster() as server:
        work = Work(folder / "none", folder / BUNDLES, server.create("braid"))
        yield _prepared(Shop(work, names, ids, categories, budget, server), folder)


def _prepared(made: Shop, folder: Path) -> Shop:
    made.work.braid("migrate")
    made.work.braid("import", str(folder / "data"))
    made.work.braid("train", "--budget", str(made.budget))
    return made
