"""`braid migrate`: the tables of the database, made or brought up to date."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from app.cli.keys import make_first
from app.cli.running import console, run_command
from app.config import load_settings
from app.process.resources import open_database
from app.storage.database import Database
from app.storage.migrations import newest_revision, revision, upgrade
from app.storage.order_rows import OrderRows, confirm_order_rows, find_order_rows


def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    confirm_order: Annotated[
        bool,
        typer.Option("--confirm-order", help="Also move rows that look like an order from `timestamp` to `sequence`."),
    ] = False,
    first_key: Annotated[
        bool, typer.Option("--first-key", help="Also make an admin key and print it, if there has never been a key.")
    ] = False,
) -> None:
    """Create or update the database's tables."""
    if dry_run and confirm_order:
        raise typer.BadParameter("cannot be combined with --dry-run", param_hint="--confirm-order")

    async def run() -> None:
        async with open_database(load_settings()) as database:
            if dry_run:
                await _plan(database, console)
            else:
                await _migrate(database, console, confirm_order=confirm_order)

    asyncio.run(run())
    if first_key and not dry_run:
        run_command(make_first)


async def _plan(database: Database, console: Console) -> None:
    """Print what a migration would do."""
    before, after = await revision(database), newest_revision()
    if before == after:
        console.print(f"{database.place}: the tables are up to date")
    else:
        console.print(f"{database.place}: the tables would be brought from {before or 'nothing'} to {after}")
    if before is not None:
        found = await find_order_rows(database)
        if found.certain:
            console.print(f"interactions: {found.certain:,} rows, imported as an order, would move to `sequence`")
        _print_doubtful(found, console)


async def _migrate(database: Database, console: Console, *, confirm_order: bool) -> None:
    """Bring the tables up to date, and print what was done.

    Parameters
    ----------
    confirm_order
        Whether rows that look like an order are moved, although no import on record says that they are.
    """
    current = await revision(database) in {None, newest_revision()}
    found = OrderRows(0, 0) if current else await find_order_rows(database)
    before, after = await upgrade(database)
    done = "are up to date" if before == after else f"were brought from {before or 'nothing'} to {after}"
    console.print(f"{database.place}: the tables {done}")
    if found.certain:
        console.print(f"interactions: {found.certain:,} rows, imported as an order, moved to `sequence`")
    if confirm_order:
        moved = await confirm_order_rows(database)
        console.print(f"interactions: {moved:,} rows that looked like an order moved to `sequence`")
    else:
        _print_doubtful(found, console)


def _print_doubtful(found: OrderRows, console: Console) -> None:
    if found.doubtful:
        console.print(
            f"interactions: {found.doubtful:,} rows look like an order ({found.span}), but no import on record says so:"
            " they stay, and BRAID_RETENTION_DAYS deletes what is old. `braid migrate --confirm-order` moves them to"
            " `sequence`"
        )
