"""A shop whose database is filled by `braid import`: what the command said, and what is stored afterwards."""

import sqlite3
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FILES = Path(__file__).with_name("files")
TIME = 1_772_366_400
"""2026-03-01T12:00:00Z."""
Braid = Callable[..., subprocess.CompletedProcess[str]]
_SHOWN = ("value", "quantity", "revenue", "sequence")


class Stored(NamedTuple):
    """A file that is imported: the rows that are stored, and what is said.

    A row is `user|item|event|seconds`, with what else it has. `left_out` are the lines of the rows that are not taken,
    each with the cell as it is shown.
    """

    text: str | bytes
    rows: Sequence[str]
    told: Sequence[str] = ()
    left_out: Sequence[str] = ()
    options: Sequence[str] = ()
    name: str = "log.csv"


class Stopped(NamedTuple):
    """A file that is not imported before something is said: what the message has in it."""

    text: str | bytes
    said: Sequence[str]
    options: Sequence[str] = ()
    name: str = "log.csv"


def case(name: str) -> bytes:
    """Return the content of a file that was taken the wrong way."""
    return (FILES / name).read_bytes()


class Shop:
    """The database, and the command that fills it."""

    def __init__(self, braid: Braid, folder: Path, database: Path) -> None:
        self.braid, self.folder, self.database = braid, folder, database

    def take(self, files: Mapping[str, str | bytes], *options: str, **settings: str) -> tuple[int, str]:
        """Import files; return the exit code and all that was said."""
        paths = []
        for name, content in files.items():
            paths.append(self.folder / name)
            paths[-1].write_bytes(content.encode() if isinstance(content, str) else content)
        done = self.braid("import", *paths, *options, **settings)
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        return done.returncode, said.replace(f"{self.folder}/", "")

    def rows(self) -> list[str]:
        """Return the rows of the log in the order in which they were stored."""
        return [_row(one) for one in self.select("SELECT * FROM interactions ORDER BY id")]

    def select(self, query: str) -> list[dict[str, Any]]:
        """Return rows of the database."""
        with sqlite3.connect(self.database) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(one) for one in connection.execute(query)]

    def check(self, one: Stored | Stopped, **settings: str) -> None:
        """Import a file, and compare what is stored and said with what is right."""
        code, said = self.take({one.name: one.text}, *one.options, **settings)
        if isinstance(one, Stopped):
            assert code == 2, said
            for words in one.said:
                assert words in said, said
            assert self.rows() == []
            return
        assert code == 0, said
        assert self.rows() == list(one.rows), said
        for words in one.told:
            assert words in said, said
        found = [line.strip().partition("; accepted: ")[0] for line in said.splitlines() if "; accepted: " in line]
        assert sorted(found) == sorted(f"{one.name}, {where}" for where in one.left_out), said


def _row(one: dict[str, Any]) -> str:
    time = one["timestamp"]
    seconds = "" if time is None else f"{time / 1e6:.16g}"
    more = [f"|{name}={one[name]:.15g}" for name in _SHOWN if one[name] is not None]
    return f"{one['user_id']}|{one['item_id']}|{one['event_type']}|{seconds}" + "".join(more)
