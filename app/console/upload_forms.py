"""The form of an upload: from its fields to the mapping of each file, and what is wrong with them."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from app.services.transfer.import_rows import Timestamps
from models.data.reading.columns_known import ATTRIBUTE, BY_FILE
from models.data.reading.mapping import FileMapping

LEAVE, AS_ATTRIBUTE = "-", "@"
"""What is chosen for a column that is left out, and for one that becomes an attribute of its own name."""
TARGETS: Mapping[str, tuple[str, ...]] = {kind: tuple(known) for kind, known in BY_FILE.items()}
UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
DATE_FORMATS = {"day-first": "day first: 31.12.2026", "month-first": "month first: 12/31/2026"}
QUESTIONS = {
    "--map": "Which column is the {}?",
    "--ignore": "What is the column {}? Choose what it is read as, or leave it out.",
    "--times": "Which unit have the numbers in {}?",
    "--timezone": "In which time zone are the times in {}?",
    "--date-format": "Does the day or the month come first in {}?",
    "--timestamps": "Are the numbers in {} times, or only an order?",
    "--ids": "Some ids in {} are not taken. Are they encoded, or left out?",
}
"""Questions in words, by the option of `braid import` that answers them."""
_SETTINGS = ("times", "timezone", "date_format")


class Form(Protocol):
    """What a browser has sent."""

    def get(self, name: str, default: str) -> Any:
        """Return the last value of a field."""

    def getlist(self, name: str) -> list[Any]:
        """Return all values of a field."""


class Said(NamedTuple):
    """What a form says of an upload.

    Attributes
    ----------
    mappings
        By the names of the files.
    ids
        `encode`, `drop`, or empty where nothing is said.
    """

    mappings: dict[str, FileMapping]
    timestamps: Timestamps | None
    ids: str
    replace: bool
    wrong: tuple[str, ...] = ()


NOTHING_SAID = Said({}, None, "", replace=False)


def read_form(form: Form) -> Said:
    """Read a form; `wrong` says what cannot be meant."""
    mappings: dict[str, FileMapping] = {}
    wrong: list[str] = []
    ids = str(form.get("ids", ""))
    for number, name in enumerate(map(str, form.getlist("file"))):
        try:
            said = _mapping(form, number, name, wrong)
            mappings[name] = FileMapping.model_validate(said | ({"ids": "encode"} if ids == "encode" else {}))
        except ValidationError as error:
            first = error.errors()[0]
            wrong.append(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}")
    given = str(form.get("timestamps", ""))
    timestamps: Timestamps | None = "order" if given == "order" else "seconds" if given == "seconds" else None
    return Said(mappings, timestamps, ids, bool(form.get("replace", "")), tuple(wrong))


def _mapping(form: Form, number: int, file: str, wrong: list[str]) -> dict[str, Any]:
    kind, before = str(form.get(f"kind.{number}", "")), str(form.get(f"kind_before.{number}", ""))
    said: dict[str, Any] = {"kind": kind} if kind else {}
    said |= {name: text for name in _SETTINGS if (text := str(form.get(f"{name}.{number}", "")).strip())}
    events = zip(form.getlist(f"event.{number}"), form.getlist(f"event_as.{number}"), strict=False)
    said["events"] = {str(cell): str(read) for cell, read in events if read}
    if kind != before:
        # What the columns are as rows of another kind is found out anew.
        return said
    columns: dict[str, str] = {}
    ignored: list[str] = []
    for name, chosen in zip(form.getlist(f"column.{number}"), form.getlist(f"as.{number}"), strict=False):
        target = f"{ATTRIBUTE}{name}" if chosen == AS_ATTRIBUTE else str(chosen)
        if target == LEAVE:
            ignored.append(str(name))
        elif target and target in columns:
            wrong.append(f"{file}: two columns are to be {target}: {columns[target]} and {name}")
        elif target:
            columns[target] = str(name)
    return said | {"columns": columns, "ignore": ignored}
