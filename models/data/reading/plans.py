"""What is decided about a file: how it is read, what is told about it, and what has to be said first."""

from dataclasses import dataclass, field
from typing import NamedTuple

from models.data.reading.applying import Reading
from models.data.reading.mapping import FileMapping


class Question(NamedTuple):
    """What has to be said before a file is read; `answer` names the option, and `column` what it is about."""

    file: str
    answer: str
    column: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}: {self.text}"


@dataclass
class Plan:
    """How a file is read, what is told about it, and what has to be said first.

    `unknown_events` are the event types among the first rows that Braid does not know, with the number of their rows:
    rows of such a type are left out.
    """

    kind: str
    mapping: FileMapping
    reading: Reading
    format: str | None = None
    left: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    unknown_events: dict[str, int] = field(default_factory=dict)

    @property
    def is_own(self) -> bool:
        """Whether the file has the format of data-set folders: nothing was mapped."""
        given = self.mapping.model_dump(exclude_defaults=True)
        own = all(to == name for to, name in self.mapping.columns.items())
        return own and not self.told and not self.format and not (given.keys() - {"kind", "columns"})
