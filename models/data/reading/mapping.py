"""Mappings: which column of a file is which one of Braid's, and how its cells are read; as TOML they are kept."""

import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.data.errors import DataSetError

FileKind = Literal["interactions", "items", "users"]


class FileMapping(BaseModel):
    """How one file is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: FileKind | None = Field(None, description="what its rows are")
    delimiter: str | None = Field(None, description="what separates the cells")
    encoding: str | None = Field(None, description="encoding of its text")
    names: list[str] | None = Field(None, description="columns of a file without a header")
    columns: dict[str, str] = Field({}, description="for each of Braid's columns that of the file")
    ignore: list[str] = Field([], description="columns that are left out")
    constants: dict[str, str] = Field({}, description="columns that are the same in all rows")
    events: dict[str, str] = Field({}, description="for each event type of the file one of Braid's")
    blanks: dict[str, str] = Field({}, description="for each of Braid's columns a cell that means: empty")
    flags: list[str] = Field([], description="columns of 0 and 1 that are categories by their names")
    times: Literal["s", "ms", "us", "ns"] | None = Field(None, description="unit of numbers that are times")
    timezone: str | None = Field(None, description="zone of times that have none")
    ids: Literal["encode"] | None = Field(None, description="how ids of any text are written")
    date_format: str | None = Field(None, description="day-first, month-first, or a format such as %d.%m.%Y")

    def with_others(self, other: "FileMapping") -> "FileMapping":
        """Return this mapping with what another one says besides; this one counts where both say something."""
        mine, others = self.model_dump(exclude_defaults=True), other.model_dump(exclude_defaults=True)
        taken = set(self.columns.values()) | set(self.ignore)
        for name in ("columns", "constants", "events", "blanks"):
            both = others.get(name, {}) | mine.get(name, {})
            if name == "columns":
                both = {to: given for to, given in both.items() if to in self.columns or given not in taken}
            mine[name] = both
        for name in ("ignore", "flags"):
            mine[name] = [*mine.get(name, []), *others.get(name, [])]
        return FileMapping.model_validate(others | mine)


def read_mappings(path: Path) -> dict[str, FileMapping]:
    """Read a mapping file: TOML with a table for each file.

    Raises
    ------
    DataSetError
        It is missing, not TOML, or says what there is not.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataSetError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataSetError(f"{path}: is not TOML: {error}") from error
    mappings = {}
    for name, given in found.items():
        try:
            mappings[name] = FileMapping.model_validate(given)
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join((name, *map(str, first["loc"])))
            known = ", ".join(FileMapping.model_fields)
            why = f"is not a key: use {known}" if first["type"] == "extra_forbidden" else first["msg"]
            raise DataSetError(f"{path}: {key}: {why}") from error
    return mappings


def as_toml(mappings: Mapping[str, FileMapping]) -> str:
    """Write mappings as a file that can be read again."""
    lines: list[str] = []
    for name, mapping in mappings.items():
        given = mapping.model_dump(exclude_defaults=True)
        lines.append(f"[{_key(name)}]")
        lines += [f"{key} = {_value(value)}" for key, value in given.items()]
        lines.append("")
    return "\n".join(lines)


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Read options of the form `a=b`.

    Raises
    ------
    DataSetError
        One of them has another form.
    """
    found: dict[str, str] = {}
    for one in given:
        before, sign, after = one.partition("=")
        if not sign or not before.strip() or not after.strip():
            raise DataSetError(f"{option} {one!r}: has the form {option} name=other, such as {_EXAMPLES[option]}")
        if before.strip() in found:
            raise DataSetError(f"{option} {one!r}: {before.strip()!r} is given twice")
        found[before.strip()] = after.strip()
    return found


_EXAMPLES = {"--map": "--map item_id=isbn", "--event": "--event transaction=purchase"}


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(held)}" for key, held in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    # The strings of TOML and of JSON have the same escapes.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
