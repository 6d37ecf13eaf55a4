"""The process that looks at uploads: kept from one to the next, and ended with who waits for it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.services.transfer import upload_checker
from app.services.transfer.upload_checker import UploadChecker
from models.data.errors import DataSetError
from models.data.file_chunks import open_folder

EVENTS = {"view"}


@pytest.fixture
async def checker() -> AsyncIterator[UploadChecker]:
    checker = UploadChecker()
    yield checker
    await checker.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "interactions.csv").write_text("user_id,item_id\nu,i\n", encoding="utf-8")
    return tmp_path


def pid_of(checker: UploadChecker) -> int:
    process = checker._process
    assert process is not None
    return process.pid


def copies_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


async def test_one_process_looks_at_all_and_survives_what_it_looks_at(
    checker: UploadChecker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {"fingerprint": open_folder(folder).fingerprint, "only_order": False}
    assert await checker.look(folder, "seconds", EVENTS) == expected
    pid = pid_of(checker)
    with monkeypatch.context() as short:
        short.setattr(upload_checker, "_MEMORY_MB", 20)
        with pytest.raises(DataSetError, match=r"takes too much memory|short of memory"):
            await checker.look(folder, "seconds", EVENTS)
    began = time.monotonic()
    assert await checker.look(folder, "seconds", EVENTS) == expected
    # To start one takes longer.
    assert time.monotonic() - began < 0.5
    assert pid_of(checker) == pid
    (folder / "interactions.csv").write_text("", encoding="utf-8")
    with pytest.raises(DataSetError, match="has no rows"):
        await checker.look(folder, "seconds", EVENTS)


async def test_a_process_that_was_ended_is_started_again(checker: UploadChecker, folder: Path) -> None:
    found = await checker.look(folder, "seconds", EVENTS)
    os.kill(pid_of(checker), signal.SIGKILL)
    assert await checker.look(folder, "seconds", EVENTS) == found


async def test_after_a_while_without_uploads_it_ends(
    checker: UploadChecker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_checker, "_IDLE_SECONDS", 0.01)
    await checker.look(folder, "seconds", EVENTS)
    process = checker._process
    assert process is not None
    assert await asyncio.wait_for(process.wait(), 5) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_look_ends_with_who_waits_for_it(checker: UploadChecker, folder: Path) -> None:
    await checker.look(folder, "seconds", EVENTS)
    process = checker._process
    assert process is not None
    # Opening waits for a writer who does not come.
    (folder / "interactions.csv").unlink()
    (folder / "mapping.toml").unlink(missing_ok=True)
    os.mkfifo(folder / "mapping.toml")
    waiting = asyncio.create_task(checker.look(folder, "seconds", EVENTS))
    while not (copies := copies_of(process.pid)):  # noqa: ASYNC110 - the other one is a process
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.wait_for(process.wait(), 5) == 1
    until = time.monotonic() + 5
    while Path(f"/proc/{copies[0]}/exe").exists() and time.monotonic() < until:  # noqa: ASYNC110 - the other one is a process
        await asyncio.sleep(0.01)
    assert not Path(f"/proc/{copies[0]}/exe").exists()
