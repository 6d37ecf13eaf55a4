"""What an import asks on a terminal, with a real one."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

WITHIN = 60.0
LOG = "user_id,item_id,event_type,timestamp\nu,i,view,1772366400\nu,j,Kauf,1772366401\nv,i,Gesehen,1772366402\n"


class Terminal:
    """The command on a terminal of its own: what it writes, and what is typed."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "dumb", "COLUMNS": "200"},
        )
        os.close(theirs)
        # Its number may be greater than `select` takes.
        self._there = select.poll()
        self._there.register(self._ours, select.POLLIN)
        self.text = ""

    def read_until(self, words: str) -> None:
        """Read until some words were written."""
        until = time.monotonic() + WITHIN
        while words not in self.text:
            assert time.monotonic() < until, self.text
            if self._there.poll(100):
                self.text += os.read(self._ours, 65536).decode()

    def type(self, text: str) -> None:
        """Type a line."""
        os.write(self._ours, f"{text}\n".encode())

    def end(self) -> int:
        """Read the rest; give the exit code."""
        try:
            while chunk := os.read(self._ours, 65536):
                self.text += chunk.decode()
        except OSError:
            # Linux reports the end of a terminal so.
            pass
        os.close(self._ours)
        return self._process.wait(WITHIN)


@pytest.fixture
def shop(isolated: Path, sqlite_template: Path) -> Path:
    (isolated / "var").mkdir()
    shutil.copyfile(sqlite_template, isolated / "var/braid.sqlite3")
    (isolated / "log.csv").write_text(LOG)
    return isolated


def test_unknown_event_types_are_asked_for_and_their_rows_are_read(shop: Path) -> None:
    terminal = Terminal(shop, "import", "log.csv")
    terminal.read_until("'Kauf' is (Enter: its rows are left out)")
    terminal.type("bought")
    terminal.read_until("use one of ")
    terminal.type("purchase")
    terminal.read_until("'Gesehen' is (Enter: its rows are left out)")
    terminal.type("")
    terminal.read_until("Import this?")
    assert "event_type=purchase" in terminal.text
    terminal.type("y")
    code = terminal.end()
    assert (code, "interactions: 3 rows read, 2 kept" in terminal.text) == (0, True), terminal.text
    assert "Traceback" not in terminal.text
