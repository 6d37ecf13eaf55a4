"""Runs an import, or a look at one, and prints what became of the rows."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from app.cli.output import print_json
from app.cli.progress import progress_bars
from app.cli.showing import show_counts, show_examples, show_notes
from app.errors import DatabaseError
from app.process import transfer_factory
from app.process.resources import Resources
from app.services.transfer.checking import DEFAULT, Limits
from app.services.transfer.counts import INTERACTIONS, ITEMS, USERS, Imported
from app.services.transfer.import_rows import Timestamps
from app.times import from_microseconds
from models.data.errors import DataSetError
from models.data.file_chunks import Files
from models.data.reading.rows import BadRow

_NOT_COMPLETE = "the import is not complete: run the same command again, and it goes on after the rows that are stored"


async def import_files(
    resources: Resources,
    files: Files,
    console: Console,
    *,
    timestamps: Timestamps = "seconds",
    again: bool = False,
    replace: bool = False,
    limits: Limits = DEFAULT,
    as_json: bool = False,
) -> None:
    """Import files and print the counts of their rows, and examples of those that were left out.

    Parameters
    ----------
    console
        Where text goes; with `as_json` the counts are a document on standard output, and no text.

    Raises
    ------
    DatabaseError
        The text says that the import is not complete, and how to complete it.
    """
    importing = transfer_factory.importing(resources)
    try:
        with progress_bars() as progress:
            done = await importing.run(
                files, timestamps=timestamps, again=again, replace=replace, limits=limits, progress=progress
            )
    except DatabaseError as error:
        raise type(error)(f"{error}; {_NOT_COMPLETE}") from error
    examples = importing.explain(done.examples)
    if as_json:
        print_json(_document(files, done, examples, dry_run=False))
        return
    if done.before is not None:
        when = from_microseconds(done.before).isoformat(timespec="seconds")
        console.print(f"{files.folder}: these files were imported before ({when}); --again reads them once more")
    _show(files, done, examples, console)
    known = done.interactions.kept - done.interactions.new
    if known and done.before is None:
        console.print(f"interactions: {done.interactions.new:,} added, {known:,} are already in the log")


async def check_files(
    resources: Resources,
    files: Files,
    console: Console,
    *,
    timestamps: Timestamps,
    limits: Limits,
    as_json: bool = False,
) -> None:
    """Read and check files, and print what would become of their rows.

    Raises
    ------
    DataSetError
        No interaction could be imported.
    """
    importing = transfer_factory.importing(resources)
    with progress_bars() as progress:
        done = await importing.check(files, timestamps=timestamps, limits=limits, progress=progress)
    examples = importing.explain(done.examples)
    if as_json:
        print_json(_document(files, done, examples, dry_run=True))
    else:
        _show(files, done, examples, console)
        console.print("nothing was stored (--dry-run)")
    if files.interactions is not None and not done.interactions.kept:
        raise DataSetError("interactions: no row can be imported: the lines above say why")


def _document(files: Files, done: Imported, examples: Sequence[BadRow], *, dry_run: bool) -> dict[str, Any]:
    """Return what became of the rows, for programs."""
    return {
        "source": files.folder,
        "dry_run": dry_run,
        "imported_before": None if done.before is None else from_microseconds(done.before),
        **dict.fromkeys((INTERACTIONS, ITEMS, USERS)),
        **{name: vars(count) for name, count in done.counts().items()},
        "examples": [one._asdict() for one in examples],
        "notes": [note for one in files.opened for note in one.source.notes],
    }


def _show(files: Files, done: Imported, examples: Sequence[BadRow], console: Console) -> None:
    show_notes(files, console)
    show_counts(done, console)
    show_examples(examples, console)
