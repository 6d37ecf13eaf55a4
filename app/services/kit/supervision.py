"""Background loops: one that dies is logged with its error, shown, and started again after a pause."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog
from prometheus_client import Counter, Gauge

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_log = structlog.get_logger(__name__)
Loop = Callable[[], Coroutine[Any, Any, None]]
"""Runs until it is cancelled; any other end is a failure."""
RESTARTS = Counter("braid_background_restarts", "Restarts of a background loop that had died.", ["loop"])
UP = Gauge(
    "braid_background_up",
    "1 while a background loop runs, 0 after it died; of several workers the lowest.",
    ["loop"],
    multiprocess_mode="livemin",
)


class Supervisor:
    """Runs background loops for as long as the process lives.

    A loop that dies is restarted after half a second, then after twice as long each time, up to a minute. It counts as
    healthy again once it has run for as long as the last pause.
    """

    def __init__(self) -> None:
        self.failing: dict[str, BaseException] = {}
        """The loops that have died and not recovered yet, each with its last error."""
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def names(self) -> list[str]:
        """The loops that were started."""
        return list(self._tasks)

    def start(self, name: str, run: Loop) -> None:
        """Run a loop from now on."""
        RESTARTS.labels(name)
        UP.labels(name).set(1)
        self._tasks[name] = asyncio.create_task(self._keep_running(name, run), name=name)

    async def close(self) -> None:
        """Stop all loops, and wait until they have ended."""
        await stop(*self._tasks.values())

    async def _keep_running(self, name: str, run: Loop) -> None:
        pause = 0.0
        while True:
            recovery = asyncio.get_running_loop().call_later(pause, self._recovered, name)
            try:
                error = await _death_of(run)
            finally:
                recovery.cancel()
            pause = min(2 * pause, _LONGEST_PAUSE) if name in self.failing else _FIRST_PAUSE
            self.failing[name] = error
            UP.labels(name).set(0)
            _log.error("background loop died", loop=name, restart_in_seconds=pause, exc_info=error)
            await asyncio.sleep(pause)
            RESTARTS.labels(name).inc()

    def _recovered(self, name: str) -> None:
        if self.failing.pop(name, None) is not None:
            UP.labels(name).set(1)
            _log.info("background loop runs again", loop=name)


async def _death_of(run: Loop) -> BaseException:
    """Run a loop until it dies, and return its error."""
    try:
        await run()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # The loop itself was not cancelled: something that it waited for was.
        return error
    except Exception as error:  # noqa: BLE001 - whatever it was, the loop is started again
        return error
    return RuntimeError("the loop ended by itself")


async def stop(*tasks: asyncio.Task[None]) -> None:
    """Cancel tasks and wait until they have ended; an error that one of them ends with is logged."""
    for task in tasks:
        task.cancel()
    for task, ended in zip(tasks, await asyncio.gather(*tasks, return_exceptions=True), strict=True):
        if isinstance(ended, Exception):
            _log.error("background task failed", task=task.get_name(), exc_info=ended)
