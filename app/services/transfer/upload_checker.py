"""Looks at uploaded files in a process of its own, which is kept: to start it takes longer than most files do."""

import asyncio
import os
import sys
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import structlog

from app.errors import OverloadedError
from app.services.kit.limited_process import QUIET
from models.data.errors import DataSetError

_MODULE = "app.services.transfer.upload_check"
# The allocator that is not used starts a thread: a process is copied safely while it has one alone.
_NO_THREAD = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
_LONGEST_ANSWER = 1 << 22
_MEMORY_MB, _CPU_SECONDS = 512, 60
_LOOK_SECONDS = 120.0
"""More than the processor time: reading waits for the disk, and for other processes."""
_IDLE_SECONDS = 600.0
"""After so long without an upload the process ends: it takes some memory."""
_log = structlog.get_logger(__name__)


class UploadChecker:
    """Looks at the files of one folder after the other."""

    def __init__(self) -> None:
        self._one_look = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[Any]] = set()

    async def look(self, folder: Path, timestamps: str, event_types: Collection[str]) -> dict[str, Any]:
        """Return the `fingerprint` of the files, and whether their times are `only_order`.

        Raises
        ------
        DataSetError
            They are not a data-set folder, or looking at them takes too long.
        OverloadedError
            The system lets no process look at them.
        """
        return await self._looked(folder, {"timestamps": timestamps, "events": sorted(event_types)})

    async def preview(self, folder: Path, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the files hold and how they would be read; see `upload_preview.preview` for what is wanted.

        Raises
        ------
        DataSetError
            They cannot be read, or looking at them takes too long.
        OverloadedError
            The system lets no process look at them.
        """
        return await self._looked(folder, wanted)

    async def _looked(self, folder: Path, wanted: Mapping[str, Any]) -> dict[str, Any]:
        order = {"folder": str(folder), "memory_mb": _MEMORY_MB, "cpu_seconds": _CPU_SECONDS, **wanted}
        async with self._one_look:
            try:
                found = await self._found(orjson.dumps(order) + b"\n")
            except TimeoutError:
                self._kill()
                took = f"took longer than {_LOOK_SECONDS:g} seconds"
                _log.warning("looking at an upload was ended", reason=took)
                raise DataSetError(
                    f"{folder}: looking at the files {took}: send fewer rows at once, or try again later"
                ) from None
            except ValueError as error:
                self._end()
                _log.exception("the answer about an upload cannot be read")
                raise OverloadedError("the uploaded files cannot be looked at: try again") from error
            except OSError as error:
                self._end()
                raise _overloaded(error.strerror or str(error)) from error
            except BaseException:
                # Nobody waits for the answer any more: the next order must not get it.
                self._end()
                raise
            self._idle = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._end)
        if "overloaded" in found:
            raise _overloaded(found["overloaded"])
        if "problem" in found:
            raise DataSetError(found["problem"])
        return found

    async def close(self) -> None:
        """End the process."""
        self._end()
        await asyncio.gather(*self._ending)

    async def _found(self, order: bytes) -> dict[str, Any]:
        async with asyncio.timeout(_LOOK_SECONDS):
            answer = await self._ask(order)
            if not answer:
                # It was ended from outside: what is looked at cannot end it.
                self._end()
                answer = await self._ask(order)
        found: dict[str, Any] = orjson.loads(answer) if answer else {"overloaded": "the process has ended"}
        return found

    async def _ask(self, order: bytes) -> bytes:
        if self._idle is not None:
            self._idle.cancel()
        if self._process is None or self._process.returncode is not None:
            self._process = await _started()
        orders, answers = self._process.stdin, self._process.stdout
        if orders is None or answers is None:
            return b""
        orders.write(order)
        with suppress(ConnectionError):
            await orders.drain()
        return await answers.readline()

    def _kill(self) -> None:
        process = self._process
        self._end()
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()

    def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        process, self._process = self._process, None
        if process is not None:
            # It ends, and what it has started as well, once its input does, which is closed here.
            ending = asyncio.get_running_loop().create_task(process.communicate())
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)


async def _started() -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", _MODULE),
        env={**os.environ, **QUIET, **_NO_THREAD},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Its errors are shown, and an interrupt on the terminal, which would be one, is kept from it.
        start_new_session=True,
        limit=_LONGEST_ANSWER,
    )


def _overloaded(why: str) -> OverloadedError:
    return OverloadedError(f"no process can be started that looks at the uploaded files, try again: {why}")
