"""What an upload holds and how it would be read, for who is asked before it is imported."""

from pydantic import BaseModel, ConfigDict


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UploadQuestion(_Told):
    """What has to be said before a file is read; `answer` names the option of `braid import`."""

    answer: str
    column: str
    text: str


class UploadColumn(_Told):
    """A column of a file, its first cells, and what it is read as; `target` is None where it is not read."""

    name: str
    cells: list[str]
    target: str | None
    ignored: bool


class UploadEvent(_Told):
    """An event type as the file names it, and as what it is read; `known` tells whether that one is taken."""

    cell: str
    read: str
    known: bool


class LeftOutRow(_Told):
    """A row that would be left out: its line, column and cell, and what would be accepted."""

    line: int
    column: str
    cell: str
    reason: str
    accepted: str


class UploadedFile(_Told):
    """How one file is read.

    `described` is its form in words, `told` what was found out, `first` its first rows as they are stored, by the names
    of `columns_read`; `more_columns` counts the columns that are not listed.
    """

    name: str
    kind: str
    format: str | None
    described: str
    columns: list[UploadColumn]
    more_columns: int
    told: list[str]
    questions: list[UploadQuestion]
    events: list[UploadEvent]
    columns_read: list[str]
    first: list[list[str]]
    times: str | None
    timezone: str | None
    date_format: str | None


class KindCounts(_Told):
    """What would become of the first rows of the files of one kind."""

    read: int
    kept: int
    dropped: dict[str, int]


class UploadPreview(_Told):
    """What an upload holds; `counts` are of the first rows, and empty while something has to be said."""

    files: list[UploadedFile]
    left: list[str]
    counts: dict[str, KindCounts]
    examples: list[LeftOutRow]

    @property
    def questions(self) -> list[UploadQuestion]:
        """Return what has to be said first."""
        return [question for file in self.files for question in file.questions]

    @property
    def usable(self) -> bool:
        """Return whether something of it can be imported."""
        return not self.questions and any(count.kept for count in self.counts.values())
