"""What every command has: a console to print to, and the context of a service whose tables are there."""

import asyncio
from collections.abc import Awaitable, Callable

from rich.console import Console

from app.config import load_settings
from app.context import Context
from app.logs import configure_logging
from app.storage.migrations import require_schema

console = Console(highlight=False, markup=False, soft_wrap=True)


def with_context(work: Callable[[Context], Awaitable[None]], *, log_level: str = "warning") -> None:
    """Do what a command does, with the settings of the environment.

    Parameters
    ----------
    log_level
        Least severe log lines that are written, to standard error; what a command prints says the rest.

    Raises
    ------
    SchemaError
        The tables are missing or too old.
    """
    configure_logging(log_level)

    async def run() -> None:
        async with Context(load_settings()) as context:
            await require_schema(context.database)
            await work(context)

    asyncio.run(run())
