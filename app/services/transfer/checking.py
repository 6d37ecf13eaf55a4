"""Looks at the files of an import before anything is stored."""

from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from typing import Any

from app.services.transfer.counts import INTERACTIONS, ITEMS, USERS, Count, Imported
from app.services.transfer.dropped import EXAMPLES, Dropped, Example, bad_rows, is_bad
from models.data.errors import DataSetError
from models.data.file_chunks import Chunk, FileChunks, Files
from models.data.progress import Progress

Clean = Callable[[Any, dict[str, int]], Sized]
DEFAULT_MAX_BAD = 0.5
FIRST_ROWS = 5_000
"""Rows of each file that are looked at where no limit is given."""


@dataclass(frozen=True)
class Limits:
    """Which files are refused: with `strict` those with a bad row, else those with a greater share of them.

    Without `max_bad` only the first rows are looked at, for a mapping that is wrong altogether.
    """

    strict: bool = False
    max_bad: float | None = None

    @property
    def of_all(self) -> bool:
        """Whether all rows have to be looked at."""
        return self.strict or self.max_bad is not None

    @property
    def share(self) -> float:
        """The greatest share of bad rows."""
        return 0.0 if self.strict else DEFAULT_MAX_BAD if self.max_bad is None else self.max_bad


DEFAULT = Limits()


@dataclass
class Looked:
    """What was found: the counts by the kind of the rows, and rows that would be left out."""

    counts: dict[str, Count] = field(default_factory=dict)
    examples: list[Example] = field(default_factory=list)

    def add(self, name: str, chunk: Chunk, kept: int, dropped: Dropped) -> None:
        """Count a chunk."""
        count = self.counts.setdefault(name, Count())
        count.read += chunk.table.num_rows + len(chunk.bad)
        count.kept += kept
        add_dropped(count.dropped, chunk, dropped, self.examples)

    def as_imported(self) -> Imported:
        """Return the counts in the form of an import."""
        found = self.counts
        return Imported(found.get(INTERACTIONS, Count()), found.get(ITEMS), found.get(USERS), None, self.examples)


def add_dropped(counted: dict[str, int], chunk: Chunk, dropped: dict[str, int], examples: list[Example]) -> None:
    """Add the rows of a chunk that were left out, and those that could not be read."""
    for bad in chunk.bad:
        counted[bad.reason] = counted.get(bad.reason, 0) + 1
    for reason, number in dropped.items():
        counted[reason] = counted.get(reason, 0) + number
    new = [Example(chunk.opened, 0, bad.reason, bad) for bad in chunk.bad]
    if isinstance(dropped, Dropped):
        new += [
            Example(chunk.opened, row, reason)
            for reason, rows in dropped.rows.items()
            for row in rows
            if is_bad(reason)
        ]
    add_examples(examples, new)


def add_examples(examples: list[Example], new: Sequence[Example]) -> None:
    """Add examples while there are few of their reason."""
    seen: dict[str, int] = {}
    for one in examples:
        seen[one.reason] = seen.get(one.reason, 0) + 1
    for one in new:
        if seen.get(one.reason, 0) < EXAMPLES:
            seen[one.reason] = seen.get(one.reason, 0) + 1
            examples.append(one)


def settle(files: Files, progress: Progress) -> None:
    """Read all files to their ends.

    Raises
    ------
    DataSetError
        One of them cannot be read.
    """
    for chunks in filter(None, (files.items, files.users, files.interactions)):
        for share in chunks.settle():
            progress("reading", share)


def look(files: Files, cleaners: Mapping[str, Clean], progress: Progress, *, all_rows: bool) -> Looked:
    """Read and clean the rows of all files, or the first ones of each."""
    looked = Looked()
    for name, chunks in of_kinds(files).items():
        for chunk in chunks.tables():
            first = chunk if all_rows else chunk._replace(table=chunk.table.slice(0, FIRST_ROWS))
            dropped = Dropped()
            looked.add(name, first, len(cleaners[name](first.table, dropped)), dropped)
            if not all_rows:
                break
            progress(f"check {name}", chunk.share)
    return looked


def require_within(looked: Looked, limits: Limits, explain: Callable[[list[Example]], list[str]]) -> None:
    """Refuse files with too many bad rows.

    Raises
    ------
    DataSetError
        There are too many.
    """
    for name, count in looked.counts.items():
        bad = bad_rows(count.dropped)
        if not bad or bad <= limits.share * count.read:
            continue
        lines = "; ".join(count.report().lines())
        if not count.kept:
            what = f"{name}: no row can be imported: {lines}"
        elif limits.strict:
            what = f"{name}: --strict takes no file with rows that cannot be read: {lines}"
        else:
            what = f"{name}: more than {limits.share:.0%} of the rows cannot be read (--max-bad): {lines}"
        examples = [one for one in looked.examples if one.opened is None or one.opened.plan.kind == name]
        raise DataSetError("; ".join((what, "nothing was stored", *explain(examples)[:3])))


def of_kinds(files: Files) -> dict[str, FileChunks]:
    """Return the chunks by the kind of their rows, in the order in which they are stored."""
    found = {ITEMS: files.items, USERS: files.users, INTERACTIONS: files.interactions}
    return {name: chunks for name, chunks in found.items() if chunks is not None}
