"""Sends requests with `wrk`, and reads what it measured.

`wrk` keeps a number of connections busy: each sends its next request when the answer to the last one is there. Where a
connection had to wait for more than twice the usual time, `wrk` adds estimated latencies for the requests that it could
not send meanwhile (correction of coordinated omission); so the tail is rather too long than too short.
"""

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.client import HOST
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import children_on

MISSING = "wrk is not installed: on Debian, 'apt-get install wrk' adds it"
_ANSWER_SECONDS = 10
_GRACE_SECONDS = 60
_MARK = "measured: "

# One thread drives all connections, so the counter is the thread's own. The first request of a script is only inspected
# by wrk, never sent. Taking more requests than there are would silently repeat some.
_SCRIPT = """
local requests, thread_of = {}, nil
function setup(thread) thread_of = thread end
function init(arguments)
    exhausted = 0
    taken = 0
    if arguments[1] then
        local mark = "/path"
        local whole = wrk.format("GET", mark)
        local from, to = whole:find(mark, 1, true)
        local before, after = whole:sub(1, from - 1), whole:sub(to + 1)
        for path in io.lines(arguments[1]) do requests[#requests + 1] = before .. path .. after end
        request = function()
            taken = taken + 1
            if taken > #requests then exhausted = 1 end
            return requests[(taken - 1) % #requests + 1]
        end
    end
    if os.getenv("POST_RUN") then
        local run, users, items = os.getenv("POST_RUN"), 5000, 2000
        local headers = {["Content-Type"] = "application/json"}
        request = function()
            taken = taken + 1
            local body = string.format(
                '{"user_id":"u-%d","item_id":"i-%d","event_type":"view","timestamp":"2026-03-01T12:00:00Z",'
                .. '"event_id":"%s-%08x-%d"}',
                math.random(users), math.random(items), run, math.random(0, 2147483647), taken)
            return wrk.format("POST", nil, headers, body)
        end
    end
end
function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        '\\nmeasured: {"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "p99_9": %d, "taken": %d, '
        .. '"exhausted": %d, "errors": {"status": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d}}\\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
        thread_of:get("taken"), thread_of:get("exhausted"),
        errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
"""


@dataclass(frozen=True)
class Measured:
    """What one run of `wrk` found; latencies in milliseconds, `load_cores` the CPU seconds per second of `wrk`."""

    requests: int
    taken: int
    rate: float
    p50: float
    p99: float
    p99_9: float
    load_cores: float


def require_wrk() -> str:
    """Find `wrk`.

    Raises
    ------
    LoadError
        It is not installed.
    """
    found = shutil.which("wrk")
    if found is None:
        raise LoadError(MISSING)
    return found


def run_wrk(
    port: int,
    paths: Sequence[str],
    *,
    connections: int,
    seconds: int,
    core: int | None,
    folder: Path,
    post_run: str | None = None,
    headers: Sequence[str] = (),
) -> Measured:
    """Request one path again and again, or each of several paths once.

    Parameters
    ----------
    paths
        One path, or as many as may be needed.
    core
        The core that `wrk` is pinned to.
    folder
        Where the script and the paths are written.
    post_run
        If given, interactions are posted to the path, each with an `event_id` that begins with this text.
    headers
        Further headers of each request, as `Name: value`.

    Raises
    ------
    LoadError
        An answer was an error, a connection failed, or there were too few paths.
    """
    script, listed = folder / "load.lua", folder / "paths.txt"
    script.write_text(_SCRIPT, encoding="utf-8")
    single = len(paths) == 1
    arguments = [] if single else ["--", str(listed)]
    if not single:
        listed.write_text("".join(f"{path}\n" for path in paths), encoding="utf-8")
    options = ["-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--timeout", f"{_ANSWER_SECONDS}s"]
    options += [part for header in headers for part in ("-H", header)]
    url = f"http://{HOST}:{port}{paths[0]}"
    command = [require_wrk(), *options, "-s", str(script), url, *arguments]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ if post_run is None else {**os.environ, "POST_RUN": post_run}
    with children_on(core):
        process = subprocess.Popen(  # noqa: S603 - our own
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
        )
    try:
        output, _ = process.communicate(timeout=seconds + _GRACE_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise LoadError(f"wrk did not end: {' '.join(command)}") from error
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise LoadError(f"wrk failed with {process.returncode}: {output.strip()}")
    return read_output(output, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def read_output(output: str, cpu_seconds: float) -> Measured:
    """Read what the script printed at the end.

    Raises
    ------
    LoadError
        The script printed nothing, or requests failed during the run.
    """
    lines = [line.removeprefix(_MARK) for line in output.splitlines() if line.startswith(_MARK)]
    if not lines:
        raise LoadError(f"wrk did not print what it measured: {output.strip()}")
    found = json.loads(lines[-1])
    wrong = [f"{count} {name}" for name, count in found["errors"].items() if count]
    if wrong:
        names = "status: answers of 400 and above; timeout: no answer within 10 s; the others: sockets"
        raise LoadError(f"of {found['requests']} requests went wrong: {', '.join(wrong)} ({names})")
    if not found["requests"]:
        raise LoadError("no request was answered")
    if found["exhausted"]:
        raise LoadError(f"no {found['taken']} different requests were there: give more users, or fewer --seconds")
    seconds = found["microseconds"] / 1e6
    return Measured(
        requests=found["requests"],
        taken=found["taken"],
        rate=found["requests"] / seconds,
        p50=found["p50"] / 1000,
        p99=found["p99"] / 1000,
        p99_9=found["p99_9"] / 1000,
        load_cores=cpu_seconds / seconds,
    )
