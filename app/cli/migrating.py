"""The work and the output of `braid migrate`."""

from rich.console import Console

from app.storage.database import Database
from app.storage.migrations import newest_revision, revision, upgrade
from app.storage.order_rows import OrderRows, confirm_order_rows, find_order_rows


async def plan(database: Database, console: Console) -> None:
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


async def migrate(database: Database, console: Console, *, confirm_order: bool) -> None:
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
