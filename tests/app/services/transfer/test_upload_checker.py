"""The process that looks at uploads: kept from one to the next, and ended with who waits for it."""

import asyncio
import errno
import os
import resource
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from app.errors import OverloadedError
from app.services.transfer import upload_check, upload_checker
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


def wait_for_a_writer(folder: Path) -> None:
    """Let opening the files of a folder wait for a writer who does not come."""
    os.mkfifo(folder / "mapping.toml")


async def require_gone(pid: int) -> None:
    until = time.monotonic() + 5
    while Path(f"/proc/{pid}/exe").exists() and time.monotonic() < until:  # noqa: ASYNC110 - the other one is a process
        await asyncio.sleep(0.01)
    assert not Path(f"/proc/{pid}/exe").exists()


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
    wait_for_a_writer(folder)
    waiting = asyncio.create_task(checker.look(folder, "seconds", EVENTS))
    while not (copies := copies_of(process.pid)):  # noqa: ASYNC110 - the other one is a process
        await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await asyncio.wait_for(process.wait(), 5) == 1
    await require_gone(copies[0])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("stopped", [False, True], ids=["the files", "the process"])
async def test_a_look_has_an_end(
    checker: UploadChecker, folder: Path, monkeypatch: pytest.MonkeyPatch, stopped: bool
) -> None:
    found = await checker.look(folder, "seconds", EVENTS)
    process = checker._process
    assert process is not None
    if stopped:
        os.kill(process.pid, signal.SIGSTOP)
    else:
        wait_for_a_writer(folder)
    with monkeypatch.context() as short:
        short.setattr(upload_checker, "_LOOK_SECONDS", 0.2)
        waiting = asyncio.create_task(checker.look(folder, "seconds", EVENTS))
        copies: list[int] = []
        while not waiting.done():
            copies = copies_of(process.pid) or copies
            await asyncio.sleep(0.01)
        with pytest.raises(DataSetError, match=r"took longer than 0\.2 seconds: send fewer rows at once"):
            await waiting
    assert await asyncio.wait_for(process.wait(), 5) == -signal.SIGKILL
    assert len(copies) == (not stopped)
    for copy in copies:
        await require_gone(copy)
    (folder / "mapping.toml").unlink(missing_ok=True)
    assert await checker.look(folder, "seconds", EVENTS) == found


async def test_a_long_problem_is_cut(checker: UploadChecker, tmp_path: Path) -> None:
    columns = "user_id,item_id," + "\u00e9" * 900_000
    (tmp_path / "interactions.csv").write_text(f"{columns}\nu,i,x\n", encoding="cp1252")
    (tmp_path / "mapping.toml").write_text('["interactions.csv"]\ncolumns.value = "cost"\n', encoding="utf-8")
    with pytest.raises(DataSetError, match=r"'cost'.*\.\.\.$") as error:
        await checker.look(tmp_path, "seconds", EVENTS)
    assert len(str(error.value)) < 5_000


async def test_an_answer_that_cannot_be_read_ends_the_process(
    checker: UploadChecker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as short:
        short.setattr(upload_checker, "_LONGEST_ANSWER", 16)
        with pytest.raises(OverloadedError, match="cannot be looked at: try again"):
            await checker.look(folder, "seconds", EVENTS)
    assert (await checker.look(folder, "seconds", EVENTS))["only_order"] is False


@pytest.mark.skipif(sys.platform != "linux", reason="sets limits of another process")
async def test_a_process_that_cannot_be_copied_is_no_fault_of_the_files(checker: UploadChecker, folder: Path) -> None:
    found = await checker.look(folder, "seconds", EVENTS)
    pid = pid_of(checker)
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, hard))
    with pytest.raises(OverloadedError, match="try again: Too many open files"):
        await checker.look(folder, "seconds", EVENTS)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert await checker.look(folder, "seconds", EVENTS) == found
    assert pid_of(checker) == pid


async def test_a_copy_that_is_refused_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    opened = len(list(Path("/dev/fd").iterdir()))
    monkeypatch.setattr(os, "fork", refuse)
    assert orjson.loads(upload_check._look_apart({})) == {"overloaded": "Resource temporarily unavailable"}
    assert len(list(Path("/dev/fd").iterdir())) == opened


async def test_a_process_that_cannot_be_started_is_no_fault_of_the_files(
    checker: UploadChecker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(folder / "none"))
    with pytest.raises(OverloadedError, match="try again: No such file"):
        await checker.look(folder, "seconds", EVENTS)


async def test_what_the_process_says_is_seen(checker: UploadChecker, capfd: pytest.CaptureFixture[str]) -> None:
    assert await checker._ask(b"no order\n") == b""
    assert "JSONDecodeError" in capfd.readouterr().err
