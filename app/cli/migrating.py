"""`braid migrate`: the tables of the database, made or brought up to date."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import typer

from app.cli.keys import make_first, show_new
from app.cli.output import AsJson, print_json
from app.cli.running import console, run_command
from app.config import load_settings
from app.process.resources import Resources, open_database
from app.schemas.keys import NewKey
from app.storage.database import Database
from app.storage.migrations import newest_revision, revision, upgrade
from app.storage.order_rows import OrderRows, confirm_order_rows, find_order_rows


@dataclass(frozen=True)
class _Migrated:
    """What was done, or with `dry_run` would be: revisions of the tables, and rows that moved to `sequence`."""

    database: str
    before: str | None
    after: str
    dry_run: bool
    moved: int
    confirmed: int | None
    doubtful: int
    doubtful_times: str


def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    confirm_order: Annotated[
        bool,
        typer.Option("--confirm-order", help="Also move rows that look like an order from `timestamp` to `sequence`."),
    ] = False,
    first_key: Annotated[
        bool, typer.Option("--first-key", help="Also make an admin key and print it, if there has never been a key.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create or update the database's tables."""
    if dry_run and confirm_order:
        raise typer.BadParameter("cannot be combined with --dry-run", param_hint="--confirm-order")

    async def run() -> _Migrated:
        async with open_database(load_settings()) as database:
            return await (_plan(database) if dry_run else _migrate(database, confirm_order=confirm_order))

    done = asyncio.run(run())
    if not as_json:
        for line in _lines(done):
            console.print(line)
    made = _first_key() if first_key and not dry_run else None
    if as_json:
        print_json({**vars(done), "first_key": made})
    elif made is not None:
        show_new(made)


def _first_key() -> NewKey | None:
    made: list[NewKey | None] = []

    async def work(resources: Resources) -> None:
        made.append(await make_first(resources))

    run_command(work)
    return made[0]


async def _plan(database: Database) -> _Migrated:
    """Find out what a migration would do."""
    before, after = await revision(database), newest_revision()
    found = OrderRows(0, 0) if before is None else await find_order_rows(database)
    return _done(database, before, after, found, dry_run=True)


async def _migrate(database: Database, *, confirm_order: bool) -> _Migrated:
    """Bring the tables up to date.

    Parameters
    ----------
    confirm_order
        Whether rows that look like an order are moved, although no import on record says that they are.
    """
    current = await revision(database) in {None, newest_revision()}
    found = OrderRows(0, 0) if current else await find_order_rows(database)
    before, after = await upgrade(database)
    confirmed = await confirm_order_rows(database) if confirm_order else None
    return _done(database, before, after, found, confirmed=confirmed)


def _done(
    database: Database,
    before: str | None,
    after: str,
    found: OrderRows,
    *,
    dry_run: bool = False,
    confirmed: int | None = None,
) -> _Migrated:
    doubtful = 0 if confirmed is not None else found.doubtful
    times = str(found.span) if doubtful else ""
    return _Migrated(database.place, before, after, dry_run, found.certain, confirmed, doubtful, times)


def _lines(done: _Migrated) -> Iterator[str]:
    """Say what was done."""
    if done.before == done.after:
        yield f"{done.database}: the tables are up to date"
    else:
        were = "would be" if done.dry_run else "were"
        yield f"{done.database}: the tables {were} brought from {done.before or 'nothing'} to {done.after}"
    if done.moved:
        moved = "would move" if done.dry_run else "moved"
        yield f"interactions: {done.moved:,} rows, imported as an order, {moved} to `sequence`"
    if done.confirmed is not None:
        yield f"interactions: {done.confirmed:,} rows that looked like an order moved to `sequence`"
    elif done.doubtful:
        yield (
            f"interactions: {done.doubtful:,} rows look like an order ({done.doubtful_times}), but no import on record"
            " says so: they stay, and BRAID_RETENTION_DAYS deletes what is old. `braid migrate --confirm-order` moves"
            " them to `sequence`"
        )
