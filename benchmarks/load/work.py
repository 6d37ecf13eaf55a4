"""The working directory: a database and a bundle, made once by Braid's own commands and used again by later runs."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.setting_names import PREFIX
from benchmarks.load.errors import LoadError
from models.bundle.errors import BundleError
from models.bundle.store import BundleStore

DATABASE, BUNDLES = "braid.sqlite3", "bundles"
_PARTIAL = "importing.sqlite3"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Work:
    """Paths of the database and the bundles; `url` names a database that is not a file, `settings` are further ones."""

    database: Path
    bundles: Path
    url: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    def environment(self, **settings: object) -> dict[str, str]:
        """Return the environment of a process that works here."""
        ours = {"database_url": self.url or f"sqlite:///{self.database}", "bundles": self.bundles}
        ours |= {**self.settings, **settings}
        return {**os.environ, **{PREFIX + name.upper(): str(value) for name, value in ours.items()}}

    def users(self) -> list[str]:
        """List the users with a history, sorted."""
        return [user for (user,) in self._rows("SELECT DISTINCT user_id FROM interactions ORDER BY user_id")]

    def item_counts(self) -> tuple[list[str], list[int]]:
        """List the items with interactions, and their numbers of interactions."""
        rows = self._rows("SELECT item_id, COUNT(*) FROM interactions GROUP BY item_id ORDER BY item_id")
        return [item for item, _ in rows], [count for _, count in rows]

    def braid(self, *arguments: str) -> None:
        """Run a command of Braid; what it prints goes to standard error.

        Raises
        ------
        LoadError
            The command failed.
        """
        command = [sys.executable, "-m", "app.cli", *arguments]
        done = subprocess.run(command, env=self.environment(), stdout=sys.stderr, check=False)  # noqa: S603 - our own
        if done.returncode:
            raise LoadError(f"braid {' '.join(arguments)}: ended with {done.returncode}")

    def copied(self, folder: Path) -> "Work":
        """Copy the database, so that it can be changed; the bundles are only read."""
        with closing(sqlite3.connect(self.database)) as source, closing(sqlite3.connect(folder / DATABASE)) as target:
            source.backup(target)
        return Work(folder / DATABASE, self.bundles)

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(statement).fetchall()


def prepare(
    folder: Path, dataset: Path | None, *, timestamps: str = "seconds", budget: float | None = None, say: Say
) -> Work:
    """Migrate, import and train, unless that was done before.

    Parameters
    ----------
    folder
        The working directory.
    dataset
        A data-set folder; None if the database exists already.
    timestamps
        Option of `braid import`.
    budget
        Option of `braid train`, in seconds.

    Raises
    ------
    LoadError
        There is neither a database nor a data-set folder, or a command failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    work = Work(folder / DATABASE, folder / BUNDLES)
    if not work.database.exists():
        if dataset is None:
            raise LoadError(f"{work.database}: there is no such database: name a data-set folder to make it from")
        say(f"importing {dataset} into {work.database}")
        partial = Work(folder / _PARTIAL, work.bundles)
        # A database left by an interrupted import is made again.
        for path in folder.glob(f"{_PARTIAL}*"):
            path.unlink()
        partial.braid("migrate")
        partial.braid("import", str(dataset), "--timestamps", timestamps)
        partial.database.rename(work.database)
    else:
        # A newer version of Braid may need more tables.
        work.braid("migrate")
    if _active(work.bundles) is None:
        say(f"training into {work.bundles}")
        work.braid("train", *([] if budget is None else ["--budget", str(budget)]))
    return work


def _active(bundles: Path) -> str | None:
    try:
        return BundleStore(bundles).active_version()
    except BundleError as error:
        raise LoadError(str(error)) from error
