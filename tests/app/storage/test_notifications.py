"""What waits for notifications of changes can be stopped at any moment."""

import asyncio

import pytest

from app.process.resources import Resources
from app.storage.notifications import Notifications


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_a_stop_that_comes_together_with_a_notification_is_not_lost(resources: Resources) -> None:
    notifications = Notifications(resources.database)

    async def read() -> None:
        while True:
            await notifications.wait(0.25)

    reading = asyncio.create_task(read())
    await asyncio.sleep(0.01)
    notifications._receive()
    # Until the inner wait has ended with the notification, and the loop around it has not noticed yet.
    await asyncio.sleep(0)
    reading.cancel()
    done, _ = await asyncio.wait([reading], timeout=1.0)
    assert done
    assert reading.cancelled()
