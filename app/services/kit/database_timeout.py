"""How long an answer waits for the database."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from app.errors import DatabaseError

SECONDS = 1.0
Result = TypeVar("Result")


async def with_timeout(query: Awaitable[Result]) -> Result:
    """Wait for the database, but not for long.

    Raises
    ------
    DatabaseError
        It failed, or did not answer in time.
    """
    try:
        async with asyncio.timeout(SECONDS):
            return await query
    except TimeoutError as error:
        raise DatabaseError(f"no answer within {SECONDS:g} s") from error
