"""Data sets and exports that are recognised as a whole; `formats.toml` lists their files, and how each is read."""

import tomllib
from collections.abc import Sequence
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from models.data.reading.columns_known import tight
from models.data.reading.mapping import FileMapping

_TABLE = Path(__file__).with_name("formats.toml")


class Format(BaseModel):
    """A file of a known data set.

    `files` are patterns of its name, `has` columns by which it is known. Without `mapping` it is none that is read.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str
    files: list[str]
    header: bool = True
    has: list[str] = []
    mapping: FileMapping | None = None

    def fits(self, file: str) -> bool:
        """Return whether a file may have this format by its name."""
        return any(fnmatch(file.lower(), pattern) for pattern in self.files)

    def fits_columns(self, names: Sequence[str]) -> bool:
        """Return whether a file with a header has this format by its columns."""
        return {tight(name) for name in self.has} <= {tight(name) for name in names}


@cache
def known_formats() -> tuple[Format, ...]:
    """Return the known files, in the order in which they are tried."""
    made = []
    for given in tomllib.loads(_TABLE.read_text(encoding="utf-8"))["file"]:
        own = {name: given.pop(name) for name in list(given) if name in FileMapping.model_fields}
        made.append(Format(**given, mapping=FileMapping(**own) if own else None))
    return tuple(made)


def headerless(file: str) -> Format | None:
    """Return the format of a file without a header, by its name."""
    return next((one for one in known_formats() if not one.header and one.fits(file)), None)


def recognise(file: str, names: Sequence[str]) -> Format | None:
    """Return the format of a file with a header, by its columns and its name."""
    fitting = (one for one in known_formats() if one.header and one.fits(file))
    return next((one for one in fitting if one.fits_columns(names)), None)
