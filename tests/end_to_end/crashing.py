"""A server that is killed and started again, and clients that post to it all the while."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx

STARTED_WITHIN = 60.0
BATCH = 100


class Server:
    """`braid serve` on one port."""

    def __init__(self, folder: Path, port: int, database_url: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log = folder / "server.log"
        self._command = [sys.executable, "-m", "app.cli", "serve", "--port", str(port)]
        self._environment = {**os.environ, "BRAID_DATABASE_URL": database_url, "BRAID_BUNDLES": str(folder / "bundles")}
        self._process: subprocess.Popen[bytes] | None = None

    def braid(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "app.cli", *arguments]
        subprocess.run(command, env=self._environment, check=True, capture_output=True, timeout=60)

    def _begin(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            return subprocess.Popen(self._command, env=self._environment, stdout=output, stderr=output)

    async def start(self) -> None:
        self._process = self._begin()
        until = time.monotonic() + STARTED_WITHIN
        async with httpx.AsyncClient(base_url=self.url, timeout=2) as client:
            while True:
                assert self._process.poll() is None, self._log.read_text()
                assert time.monotonic() < until, self._log.read_text()
                try:
                    if (await client.get("/health/ready")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()


@dataclass
class Sent:
    """What was sent: single events and batches, and what of them was acknowledged."""

    events: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    batches: list[tuple[str, ...]] = field(default_factory=list)
    retried: int = 0


class Clients:
    """Posts events, one by one and in batches that are stored as a whole or not at all.

    With `persistent` each is sent until it is acknowledged; otherwise once.
    """

    def __init__(self, url: str, *, persistent: bool, singles: int = 24, batchers: int = 3) -> None:
        self.sent = Sent()
        self._url = url
        self._persistent = persistent
        self._over = False
        self._counts = singles, batchers
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        singles, batchers = self._counts
        self._tasks = [asyncio.create_task(self._post(1)) for _ in range(singles)]
        self._tasks += [asyncio.create_task(self._post(BATCH)) for _ in range(batchers)]

    async def stop(self) -> None:
        """Begin nothing new, and wait until what was begun is over."""
        self._over = True
        await asyncio.gather(*self._tasks)

    async def _post(self, count: int) -> None:
        async with httpx.AsyncClient(base_url=self._url, timeout=20) as client:
            while not self._over:
                events = tuple(str(uuid.uuid4()) for _ in range(count))
                self.sent.events.update(events)
                if count > 1:
                    self.sent.batches.append(events)
                while not await self._acknowledged(client, events):
                    if not self._persistent:
                        break
                    self.sent.retried += 1
                    await asyncio.sleep(random.uniform(0.01, 0.1))

    async def _acknowledged(self, client: httpx.AsyncClient, events: tuple[str, ...]) -> bool:
        rows = [
            {
                "user_id": f"u{hash(event) % 500}",
                "item_id": f"i{hash(event) % 97}",
                "event_type": "view",
                "event_id": event,
            }
            for event in events
        ]
        try:
            if len(rows) == 1:
                answer = await client.post("/interactions", json=rows[0])
            else:
                answer = await client.post("/interactions/batch?atomic=true", json=rows)
        except httpx.HTTPError:
            await asyncio.sleep(0.02)
            return False
        if answer.status_code not in (200, 201):
            assert answer.status_code == 503, answer.text
            return False
        if len(rows) > 1:
            told = answer.json()
            assert (told["stored"] + told["repeated"], told["refused"]) == (len(rows), 0)
        self.sent.acknowledged.update(events)
        return True
