"""The supervisor of background loops: pauses, recovery, and cancellations that are not its own."""

import asyncio
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from app.logs import configure_logging
from app.services.kit import supervision
from app.services.kit.supervision import Supervisor, stop


@pytest.fixture(autouse=True)
def _logging() -> None:
    configure_logging("error")


async def until(holds: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < 20
        await asyncio.sleep(0.005)


async def test_pauses_grow_up_to_a_bound_and_begin_anew_after_a_recovery(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervision, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(supervision, "_LONGEST_PAUSE", 0.2)
    supervisor, starts, going_on = Supervisor(), list[float](), asyncio.Event()

    async def run() -> None:
        starts.append(time.monotonic())
        if len(starts) == 6:
            await going_on.wait()
        if len(starts) == 7:
            await asyncio.Event().wait()
        raise ValueError("in its own way")

    supervisor.start("loop", run)
    await until(lambda: len(starts) == 6)
    assert "loop" in supervisor.failing
    await until(lambda: not supervisor.failing)
    going_on.set()
    await until(lambda: len(starts) == 7)
    await supervisor.close()
    said = [record.msg["restart_in_seconds"] for record in caplog.records if isinstance(record.msg, dict)]
    assert said == [0.05, 0.1, 0.2, 0.2, 0.2, 0.05]
    for (before, after), least in zip(pairwise(starts[:6]), said, strict=False):
        assert after - before >= least * 0.95


async def test_a_loop_that_ends_or_whose_work_is_cancelled_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "_FIRST_PAUSE", 0.01)
    supervisor, starts = Supervisor(), 0

    async def run() -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            return
        if starts == 2:
            work = asyncio.create_task(asyncio.sleep(10))
            asyncio.get_running_loop().call_soon(work.cancel)
            await work
        await asyncio.Event().wait()

    supervisor.start("loop", run)
    await until(lambda: starts == 3 and not supervisor.failing)
    await asyncio.wait_for(supervisor.close(), 1)
    assert starts == 3


async def test_a_stopped_task_says_what_went_wrong_with_it(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> None:
        raise ValueError("in its own way")

    task = asyncio.create_task(broken())
    waiting = asyncio.create_task(asyncio.Event().wait())
    await asyncio.sleep(0)
    await stop(task, waiting)  # type: ignore[arg-type]
    assert waiting.cancelled()
    assert "background task failed" in caplog.text
