"""Waiting for the database ends in time, and can be stopped at any moment."""

import asyncio

import pytest

from app.errors import DatabaseError
from app.services.kit import database_timeout
from app.services.kit.database_timeout import with_timeout


async def test_an_answer_that_does_not_come_is_an_error_and_its_work_is_cancelled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(database_timeout, "SECONDS", 0.02)
    work = asyncio.create_task(asyncio.sleep(60))
    with pytest.raises(DatabaseError, match=r"no answer within 0\.02 s"):
        await with_timeout(work)
    assert work.cancelled()


async def test_a_stop_that_comes_together_with_the_answer_is_not_lost() -> None:
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ask() -> None:
        while True:
            await with_timeout(asyncio.shield(answer))
            await asyncio.sleep(0)

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0.01)
    answer.set_result(1)
    asking.cancel()
    done, _ = await asyncio.wait([asking], timeout=1.0)
    assert done
    assert asking.cancelled()
