"""Stops the database at once and starts it again, and knows when the service may say that it is away."""

import asyncio
import time
from dataclasses import dataclass, field

from benchmarks.load.postgresql import Cluster

AWAY_SECONDS = 3.0
AGAIN_SECONDS = 5.0
"""After the start of the database, until every process has a connection again."""


@dataclass
class Restarts:
    """Between which seconds the database was away, and the service had to find it again."""

    windows: list[tuple[float, float]] = field(default_factory=list)

    def within(self, began: float, ended: float) -> bool:
        """Return whether a window overlaps two seconds."""
        return any(start <= ended and began <= end for start, end in self.windows)

    async def one(self, cluster: Cluster) -> None:
        """Stop the database as in a crash, leave it away for some seconds, and start it."""
        began = time.monotonic()
        self.windows.append((began, float("inf")))
        await asyncio.to_thread(cluster.stop)
        await asyncio.sleep(AWAY_SECONDS)
        await asyncio.to_thread(cluster.start)
        self.windows[-1] = (began, time.monotonic() + AGAIN_SECONDS)


async def restart_in_the_course(restarts: Restarts, cluster: Cluster, times: int, seconds: float) -> None:
    """Restart it several times, evenly over the course of the run."""
    for _ in range(times):
        await asyncio.sleep(seconds / (times + 1))
        await restarts.one(cluster)
