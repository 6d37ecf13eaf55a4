"""How long an answer waits for the database."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from app.errors import DatabaseError

SECONDS = 1.0
Result = TypeVar("Result")


async def with_timeout(query: Awaitable[Result], seconds: float | None = None) -> Result:
    """Wait for the database, but not for long: for `SECONDS`, unless something else is said.

    Raises
    ------
    DatabaseError
        It failed, or did not answer in time.
    """
    limit = SECONDS if seconds is None else seconds
    try:
        async with asyncio.timeout(limit):
            return await query
    except TimeoutError as error:
        raise DatabaseError(f"no answer within {limit:g} s") from error
