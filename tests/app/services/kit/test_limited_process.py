"""Processes with bounded memory and processor time, which end with who waits for them."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.services.kit.limited_process import run_limited


@pytest.fixture
def module(tmp_path: Path) -> dict[str, str]:
    """A module that does what its argument says."""
    (tmp_path / "doing.py").write_text("import sys\nexec(sys.argv[1])\n", encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path)}


async def test_what_it_says_and_how_it_ends_is_known(module: dict[str, str]) -> None:
    doing = "import os; print(os.nice(0), os.environ['OMP_NUM_THREADS']); sys.exit('a\\nno such file')"
    ended = await run_limited("doing", [doing], module, memory_mb=200)
    assert (ended.code, ended.said, ended.reason) == (1, "no such file", "no such file")
    assert ended.output.split() == [str(os.nice(0) + 10).encode(), b"1"]


async def test_it_has_no_more_memory_than_it_may(module: dict[str, str]) -> None:
    ended = await run_limited("doing", ["import time; time.sleep(.3); bytearray(300 << 20)"], module, memory_mb=100)
    assert (ended.code, ended.said, ended.reason) == (1, "MemoryError", "it needs more memory than it may take")


async def test_it_has_no_more_processor_time_than_it_may(module: dict[str, str]) -> None:
    ended = await run_limited("doing", ["while True: pass"], module, memory_mb=100, cpu_seconds=1)
    assert ended.reason == "the process was ended by SIGKILL; it may have been short of memory"


@pytest.mark.parametrize("doing", ["", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"])
async def test_it_ends_with_who_waits_for_it(module: dict[str, str], tmp_path: Path, doing: str) -> None:
    pid_file = tmp_path / "pid"
    doing += f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    waiting = asyncio.create_task(run_limited("doing", [doing], module, memory_mb=100))
    while not (pid_file.exists() and pid_file.read_text()):  # noqa: ASYNC110 - the other one is a process
        await asyncio.sleep(0.01)
    began = time.monotonic()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert time.monotonic() - began < 5
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)


def test_it_ends_with_who_waits_for_it_even_if_that_one_is_killed(module: dict[str, str], tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    doing = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    waiting = (
        "import asyncio; from app.services.kit.limited_process import run_limited;"
        f"asyncio.run(run_limited('doing', [{doing!r}], {module!r}, memory_mb=100))"
    )
    server = subprocess.Popen([sys.executable, "-c", waiting])
    while not (pid_file.exists() and pid_file.read_text()):
        time.sleep(0.01)
    server.send_signal(signal.SIGKILL)
    server.wait()
    until = time.monotonic() + 2
    while is_running(int(pid_file.read_text())) and time.monotonic() < until:
        time.sleep(0.01)
    assert not is_running(int(pid_file.read_text()))


def is_running(pid: int) -> bool:
    """Return whether a process is there, and no zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
