"""What wakes the reader of the change feed can be stopped at any moment."""

import asyncio

import pytest

from app.context import Context
from app.storage.wakes import Wakes


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_stop_that_comes_together_with_a_notification_is_not_lost(context: Context) -> None:
    wakes = Wakes(context.database)

    async def follow() -> None:
        while True:
            await wakes.wait(0.25)

    following = asyncio.create_task(follow())
    await asyncio.sleep(0.01)
    wakes._wake()
    # Until the waiting task has seen the notification, and whoever follows has not.
    await asyncio.sleep(0)
    following.cancel()
    done, _ = await asyncio.wait([following], timeout=1.0)
    assert done
    assert following.cancelled()
