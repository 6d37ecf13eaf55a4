"""The command that imports a folder or files: how they are read is shown, asked for and printed for next time."""

import sys
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli.asking import answered, event_answered
from app.cli.import_runs import check_files
from app.cli.import_runs import import_files as run_import
from app.cli.output import AsJson, console_for
from app.cli.reading import (
    DateFormat,
    Delimiter,
    Encoding,
    Events,
    Ignore,
    MappingFile,
    Maps,
    Times,
    Timezone,
    wishes_of,
)
from app.cli.running import console, run_command
from app.cli.showing import show_left, show_mapping, show_unknown_events
from app.process.resources import Resources
from app.schemas.ids import needs_wider_rule
from app.services.transfer.checking import Limits
from app.services.transfer.import_rows import Timestamps
from models.data.errors import DataSetError
from models.data.file_chunks import Files, open_paths
from models.data.reading.mapping import FileKind
from models.data.reading.opening import Wishes

_LOCK_SECONDS = 60.0
"""An import is not in a hurry: for so long it tries to write while another process has the lock of SQLite."""
Paths = Annotated[
    list[Path],
    typer.Argument(help="A folder, or files: CSV, JSON lines or Parquet, also in .gz, .zst or .zip."),
]


def import_files(
    paths: Paths,
    maps: Maps = None,
    ignore: Ignore = None,
    events: Events = None,
    mapping: MappingFile = None,
    kind: Annotated[FileKind | None, typer.Option("--as", help="What the rows of the files are.")] = None,
    encoding: Encoding = None,
    delimiter: Delimiter = None,
    names: Annotated[
        str | None, typer.Option("--columns", help="Columns of files without a header: user_id,item_id,value.")
    ] = None,
    times: Times = None,
    timezone: Timezone = None,
    date_format: DateFormat = None,
    ids: Annotated[
        Literal["encode", "drop"] | None,
        typer.Option(
            help="Ids that BRAID_ID_RULE does not take: encode them, in a way that can be undone, or drop their rows."
        ),
    ] = None,
    timestamps: Annotated[
        Timestamps | None,
        typer.Option(help="What numbers in `timestamp` mean: seconds since 1970, or any increasing order."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, and store nothing.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Take no file with a row that cannot be read.")] = False,
    max_bad: Annotated[
        str | None,
        typer.Option(
            help="Greatest share of rows that cannot be read, such as 1%; by default half of the first 5,000."
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Read files again that were imported before, and add what is not in the log; else skipped."
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Let items and users take the place of those that are there; else fields without a value stay.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="On a terminal: do not ask whether the mapping is right.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a folder or files into the database; rows that cannot be read are left out, counted and shown.

    Run the same command again to resume an interrupted import.
    """
    wishes = wishes_of(
        maps=maps,
        ignore=ignore,
        events=events,
        mapping=mapping,
        timestamps=timestamps,
        refused_id=None if ids == "drop" else needs_wider_rule,
        kind=kind,
        delimiter=delimiter,
        encoding=encoding,
        names=None if names is None else [name.strip() for name in names.split(",")],
        times=times,
        timezone=timezone,
        date_format=date_format,
        ids=None if ids == "drop" else ids,
    )
    limits = Limits(strict, None if max_bad is None else _share(max_bad))
    asks = sys.stdin.isatty() and console.is_terminal and not as_json
    said = console_for(as_json)

    async def work(resources: Resources) -> None:
        files, wished = _opened(paths, wishes, asks=asks)
        rule = resources.event_types
        if not rule.allow_unknown:
            if asks:
                files, wished = _with_events(paths, files, wished, rule.known)
            else:
                show_unknown_events(files, rule.known, said)
        mapped = any(not one.plan.is_own for one in files.opened)
        declared = (await resources.schema.load()).items
        show_left(files, declared, said)
        if mapped or dry_run:
            show_mapping(files, said, again=_command(files, wished))
        if asks and mapped and not (yes or dry_run) and not typer.confirm("Import this?", default=True):
            raise DataSetError("nothing was stored")
        meaning: Timestamps = "order" if wished.timestamps == "order" else "seconds"
        if dry_run:
            await check_files(resources, files, said, timestamps=meaning, limits=limits, as_json=as_json)
        else:
            await run_import(
                resources,
                files,
                said,
                timestamps=meaning,
                again=again,
                replace=replace,
                limits=limits,
                as_json=as_json,
            )

    run_command(work, lock_seconds=_LOCK_SECONDS)


def _opened(paths: Sequence[Path], wishes: Wishes, *, asks: bool) -> tuple[Files, Wishes]:
    """Open the files; what has to be said first is asked on a terminal, and is an error elsewhere."""
    files = open_paths(paths, wishes)
    while files.questions and asks:
        wishes = answered(files.questions[0], wishes)
        files = open_paths(paths, wishes)
    files.require_answers()
    return files, wishes


def _with_events(paths: Sequence[Path], files: Files, wishes: Wishes, known: Collection[str]) -> tuple[Files, Wishes]:
    """Ask what the event types are that Braid does not know, and open the files with what was said."""
    unknown: Counter[str] = Counter()
    for one in files.opened:
        unknown.update(one.plan.unknown_events)
    before = wishes
    for cell, rows in unknown.most_common():
        wishes = event_answered(cell, rows, known, wishes)
    return (files if wishes is before else open_paths(paths, wishes)), wishes


def _share(text: str) -> float:
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise typer.BadParameter(f"{text!r} is not a share: use 1% or 0.01", param_hint="--max-bad")
    return share


def _command(files: Files, wishes: Wishes) -> str:
    order = "" if wishes.timestamps is None else f" --timestamps {wishes.timestamps}"
    ids = " --ids drop" if wishes.refused_id is None else ""
    return f"braid import {files.folder} --mapping mapping.toml{order}{ids}"
