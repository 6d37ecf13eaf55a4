"""What every command needs: a console to print to, and a database with up-to-date tables."""

import asyncio
from collections.abc import Awaitable, Callable

from rich.console import Console

from app.config import load_settings
from app.logs import configure_logging
from app.process.resources import Resources
from app.storage.migrations import require_schema

console = Console(highlight=False, markup=False, soft_wrap=True)


def run_command(
    work: Callable[[Resources], Awaitable[None]], *, log_level: str = "warning", lock_seconds: float | None = None
) -> None:
    """Run a command with the settings of the environment.

    Parameters
    ----------
    log_level
        Lowest level of the log lines that are written to standard error.
    lock_seconds
        How long a write tries again while another process has the lock of SQLite.

    Raises
    ------
    SchemaError
        The tables are missing or too old.
    """
    configure_logging(log_level)

    async def run() -> None:
        async with Resources(load_settings(), lock_seconds=lock_seconds) as resources:
            await require_schema(resources.database)
            await work(resources)

    asyncio.run(run())
