"""What waits for notifications of changes can be stopped at any moment."""

import asyncio
from typing import Any

import asyncpg
import pytest

from app.errors import DatabaseError
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


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize("ended_by", ["server", "client"])
async def test_a_connection_lost_before_it_listens_is_a_database_that_is_away(
    resources: Resources, monkeypatch: pytest.MonkeyPatch, ended_by: str
) -> None:
    connect = asyncpg.connect

    async def lost_at_once(*arguments: Any, **options: Any) -> Any:
        connection = await connect(*arguments, **options)
        if ended_by == "client":
            connection.terminate()
            return connection
        other = await connect(*arguments, **options)
        await other.execute("SELECT pg_terminate_backend($1)", connection.get_server_pid())
        await other.close()
        return connection

    monkeypatch.setattr(asyncpg, "connect", lost_at_once)
    with pytest.raises(DatabaseError):
        async with resources.database.listening("braid", lambda *_: None):
            pass
