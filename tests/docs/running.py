"""Following a page: its commands run in order, in one shell, and answers are as the page shows them."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import QUICK_NETWORK
from tests.docs.blocks import Block, blocks_of
from tests.postgresql import unused_port

LEFT_OUT = "…"
ENDS_WITHIN = 420
_SERVES = ("braid serve", "braid worker", "braid demo", "make demo", "python3 examples/shop/serve.py")
_ADDRESS, _SHOP = "127.0.0.1:8000", "127.0.0.1:8080"
_BEGIN = """
set -eo pipefail
: >running
stop() { while read -r one; do kill "$one" 2>/dev/null || true; done <running; wait; }
trap stop EXIT
curl() { command curl --fail-with-body --max-time 60 "$@"; }
live() {
    for _ in $(seq 2000); do command curl -s -o /dev/null "$ADDRESS/health/live" && return; sleep 0.1; done
    return 1
}
"""
_WAIT = """
echo "${admin:-}" >admin
touch finished
read -r _ || true
"""


@dataclass(frozen=True)
class Followed:
    """A page that was followed."""

    folder: Path
    client: httpx.Client
    """Of the server that the page has started."""
    shop: str
    """Where the pages of the sample shop are, if the page has served them."""
    printed: dict[int, str]
    """What each block printed, by its line."""


def commands_of(blocks: Sequence[Block], port: int, shop: int) -> str:
    """Write the script: each block in the shell itself, so that its variables stay, and servers in the background."""
    script = [_BEGIN]
    for block in blocks:
        text = block.text.replace(_ADDRESS, f"127.0.0.1:{port}").replace(_SHOP, f"127.0.0.1:{shop}")
        text = text.replace(".venv/bin/", "")
        if block.language == "python":
            text = f"python3 - <<'PYTHON'\n{text}PYTHON\n"
        script.append(f"echo {block.line} >current")
        before, _, last = text.strip().rpartition("\n")
        if not last.startswith(_SERVES):
            script.append(f"{{\n{text}}} >out-{block.line} 2>err-{block.line} </dev/null")
            continue
        if last.startswith("python3"):
            last += f" --port {shop} --braid http://127.0.0.1:{port}"
        script += [before, f"{last} >server-{block.line}.log 2>&1 &\necho $! >>running"]
        script += ["live"] if last.startswith(("braid serve", "braid demo", "make demo")) else []
    return "\n".join([*script, _WAIT])


@contextmanager
def followed(
    page: str, folder: Path, port: int, *, without: Sequence[str] = (), more: Mapping[str, str] | None = None
) -> Iterator[Followed]:
    """Follow a page; its servers run until the end.

    Parameters
    ----------
    without
        Headings whose blocks are left out.
    more
        Variables of the environment.
    """
    for tool in ("bash", "curl"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: apt-get install {tool}")
    blocks = [block for block in blocks_of(page) if block.heading not in without]
    run = [block for block in blocks if block.language in {"sh", "python"}]
    assert run, f"{page}: nothing to run"
    programs = os.pathsep.join([str(folder / "programs"), str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("BRAID_", "OTEL_"))}
    environment |= {"PATH": programs, "BRAID_PORT": str(port), "BRAID_NETWORK": QUICK_NETWORK, "HOME": str(folder)}
    # A busy machine is no reason to leave the network out.
    environment |= {"ADDRESS": f"http://127.0.0.1:{port}", "BRAID_DEADLINE_MS": "10000", **(more or {})}
    shop = unused_port()
    (folder / "script").write_text(commands_of(run, port, shop), encoding="utf-8")
    shell = subprocess.Popen(
        ["bash", "script"], cwd=folder, env=environment, stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        until = time.monotonic() + ENDS_WITHIN
        while not (folder / "finished").exists():
            if shell.poll() is not None or time.monotonic() > until:
                pytest.fail(f"{page}:{_said(folder)}")
            time.sleep(0.05)
        printed = {block.line: (folder / f"out-{block.line}").read_text() for block in run if _printed(folder, block)}
        wrong = [text for block, shown in _shown(blocks) for text in _differing(block, shown, printed)]
        assert wrong == []
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as client:
            yield Followed(folder, client, f"http://127.0.0.1:{shop}", printed)
    finally:
        if shell.stdin is not None:
            shell.stdin.close()
        try:
            shell.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()


def _printed(folder: Path, block: Block) -> bool:
    return (folder / f"out-{block.line}").exists()


def _said(folder: Path) -> str:
    line = (folder / "current").read_text().strip()
    logs = [path for name in ("out", "err") if (path := folder / f"{name}-{line}").exists()]
    logs += sorted(folder.glob("server-*.log"))
    return f"{line}\n" + "\n".join(f"{path.name}: {path.read_text()[-3000:]}" for path in logs)


def _shown(blocks: Sequence[Block]) -> Iterator[tuple[Block, Any]]:
    """Give the blocks of JSON that stand right after a command, with that command: they show its answer."""
    for before, block in pairwise(blocks):
        if before.language == "sh" and block.language == "json":
            yield before, json.loads(block.text)


def _differing(block: Block, shown: Any, printed: Mapping[int, str]) -> Iterator[str]:
    # Where several commands were run, the page shows the answer to the last one.
    start = printed[block.line].strip()
    decoder, real, place = json.JSONDecoder(), None, 0
    while place < len(start):
        real, place = decoder.raw_decode(start, place)
        while place < len(start) and start[place].isspace():
            place += 1
    yield from (f"{block}: {text}" for text in compared("", shown, real))


def compared(place: str, shown: Any, real: Any) -> Iterator[str]:
    """Tell where an answer is not as it is shown; `…` stands for anything that is there."""
    if shown == LEFT_OUT:
        if real is None:
            yield f"{place}: is null"
    elif isinstance(shown, dict) and isinstance(real, dict):
        if set(shown) != set(real):
            yield f"{place}: the keys are {sorted(real)}, not {sorted(shown)}"
        for key in set(shown) & set(real) - {"degraded"}:
            # On a busy machine an answer may be stale.
            yield from compared(f"{place}.{key}", shown[key], real[key])
    elif shown != real:
        yield f"{place}: is {real!r}, not {shown!r}"
