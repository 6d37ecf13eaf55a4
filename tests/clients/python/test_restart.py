"""A server is killed and started again while interactions are sent: none is lost, none is stored twice."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from braid_client import Braid
from braid_client.models import InteractionIn

from tests.end_to_end.crashing import Server

ROW: InteractionIn = {"user_id": "u", "item_id": "i", "event_type": "view"}


class Visitors:
    """Threads that send interactions in the background, and others that post them, until they are told to stop."""

    def __init__(self, braid: Braid) -> None:
        self.sent: list[str] = []
        self.posted: list[str] = []
        self._braid = braid
        self._over = threading.Event()
        self._threads = [threading.Thread(target=visit) for visit in (self._send, self._send, self._post, self._post)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _send(self) -> None:
        while not self._over.wait(0.005):
            self.sent.append(self._braid.send(**ROW))

    def _post(self) -> None:
        patient = self._braid.with_options(retry_seconds=60)
        while not self._over.wait(0.02):
            self.posted.append(str(patient.post_interaction(**ROW)["event_id"]))


@pytest.mark.parametrize("away", [0.5, pytest.param(10.0, marks=pytest.mark.slow)])
async def test_a_restart_loses_no_interaction_and_stores_none_twice(
    tmp_path: Path, free_port: int, sqlite_template: Path, away: float
) -> None:
    database = tmp_path / "braid.sqlite3"
    database.write_bytes(sqlite_template.read_bytes())
    server = Server(tmp_path, free_port, f"sqlite:///{database}")
    await server.start()
    lost: list[object] = []
    try:
        with Braid(server.url, on_lost=lambda *one: lost.append(one)) as braid:
            visitors = Visitors(braid)
            await asyncio.sleep(1.0)
            server.kill()
            before = len(visitors.sent)
            await asyncio.sleep(away)
            await server.start()
            during = len(visitors.sent) - before
            await asyncio.sleep(1.0)
            visitors.stop()
    finally:
        server.kill()
    with closing(sqlite3.connect(database)) as connection:
        found = [row[0] for row in connection.execute("SELECT event_id FROM interactions")]
    print(  # noqa: T201 - what the proof shows
        f"\n{len(visitors.sent):,} sent, {during:,} of them while the server was away, and {len(visitors.posted):,}"
        f" posted: {len(set(found)):,} in the log, {len(found) - len(set(found))} twice, {len(lost)} lost"
    )
    assert during > 50 * away
    assert sorted(found) == sorted(visitors.sent + visitors.posted)
    assert lost == []
