"""The process that looks at uploaded files: whether they can be read, and which ones they are.

It reads what it needs once, and looks at the files of each order, a line of JSON, in a copy of itself with bounds of
memory and processor time. The answer is a line too: `fingerprint` and `only_order`, or what was asked for to show it to
a person, or `problem`, or `overloaded` where the system lets no copy be made. It ends with the process that started it,
and so does what it has started.
"""

import json
import os
import resource
import select
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

from app.services.kit.end_with_parent import be_killed_with_parent
from app.services.kit.process_exits import exit_of
from models.data.errors import DataSetError
from models.data.file_chunks import open_folder
from models.data.reading.mapping import read_mappings
from models.data.reading.opening import Wishes

MAPPING = "mapping.toml"
_ORDERS, _ANSWERS = 0, 1
_NICE = 10
_BLOCK = 1 << 16
_LONGEST_PROBLEM = 1 << 12
"""Characters of a problem that are told: those of a file may be many more, such as the names of its columns."""


def look(folder: Path, timestamps: str, events: list[str]) -> dict[str, Any]:
    """Open the files of a folder."""
    mapping = folder / MAPPING
    try:
        by_file = read_mappings(mapping) if mapping.exists() else {}
        files = open_folder(folder, Wishes(by_file=by_file, known_events=frozenset(events), timestamps=timestamps))
    except DataSetError as error:
        return _cut(str(error))
    except MemoryError:
        return _cut(f"{folder}: looking at the files takes too much memory")
    interactions = files.interactions
    return {"fingerprint": files.fingerprint, "only_order": interactions is not None and interactions.only_order}


def look_for_person(folder: Path, order: dict[str, Any]) -> dict[str, Any]:
    """Say what the files of a folder hold; see `upload_preview`."""
    # Uploads that nobody looks at do not wait for it.
    from app.services.transfer.upload_preview import preview  # noqa: PLC0415

    mapping = folder / MAPPING
    try:
        by_file = read_mappings(mapping) if mapping.exists() else {}
        return preview(folder, order, by_file).model_dump()
    except DataSetError as error:
        return _cut(str(error))
    except MemoryError:
        return _cut(f"{folder}: looking at the files takes too much memory")


def serve() -> None:
    """Look at the files of one order after the other, until the standard input ends."""
    os.nice(_NICE)
    with open(_ORDERS, "rb", buffering=0, closefd=False) as orders:
        while order := orders.readline():
            os.write(_ANSWERS, _look_apart(json.loads(order)) + b"\n")


def _look_apart(order: dict[str, Any]) -> bytes:
    """Look at the files of an order in a copy of this process; end with it where nobody waits any more."""
    ends: list[int] = []
    try:
        ends += os.pipe()
        pid = os.fork()
    except OSError as error:
        for end in ends:
            os.close(end)
        return json.dumps({"overloaded": error.strerror}).encode()
    read_end, write_end = ends
    if not pid:
        _look_in_copy(order, write_end)
    os.close(write_end)
    answer = b""
    while True:
        ready, _, _ = select.select([read_end, _ORDERS], [], [])
        if _ORDERS in ready:
            # There is one order at a time: this is the end of the input.
            os.kill(pid, signal.SIGKILL)
            os._exit(1)
        part = os.read(read_end, _BLOCK)
        if not part:
            break
        answer += part
    os.close(read_end)
    _, status = os.waitpid(pid, 0)
    # The answer of one that was ended may have no end.
    if answer and not status:
        return answer
    how = exit_of(os.waitstatus_to_exitcode(status))
    return _problem(order, f"the process {how}; it may have been short of memory")


def _look_in_copy(order: dict[str, Any], write_end: int) -> NoReturn:
    try:
        be_killed_with_parent()
        _bound(order["memory_mb"], order["cpu_seconds"])
        folder = Path(order["folder"])
        found = (
            look_for_person(folder, order)
            if "asks_ids" in order
            else look(folder, order["timestamps"], order["events"])
        )
        answer = json.dumps(found).encode()
    except BaseException as error:  # noqa: BLE001 - whatever it was, who waits is told
        answer = _problem(order, f"{type(error).__name__}: {error}")
    os.write(write_end, answer)
    os._exit(0)


def _problem(order: dict[str, Any], why: str) -> bytes:
    return json.dumps(_cut(f"{order['folder']}: the files cannot be looked at: {why}")).encode()


def _cut(problem: str) -> dict[str, Any]:
    return {"problem": problem if len(problem) <= _LONGEST_PROBLEM else f"{problem[:_LONGEST_PROBLEM]}..."}


def _bound(memory_mb: int, cpu_seconds: int) -> None:
    if sys.platform == "linux":
        memory = memory_mb << 20
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))


if __name__ == "__main__":
    be_killed_with_parent()
    serve()
