"""Options that say how files are read, of every command that reads files of users."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from app.config import load_settings
from models.data.reading.encodings import known as known_encoding
from models.data.reading.mapping import FileMapping, pairs, read_mappings
from models.data.reading.opening import Wishes
from models.data.reading.times import zone_named

Maps = Annotated[
    list[str] | None, typer.Option("--map", help="Read a column as one of Braid's: --map item_id=isbn. Repeatable.")
]
Ignore = Annotated[list[str] | None, typer.Option("--ignore", help="Leave a column out. Repeatable.")]
Events = Annotated[
    list[str] | None,
    typer.Option("--event", help="Read an event type as one of Braid's: --event transaction=purchase. Repeatable."),
]
MappingFile = Annotated[Path | None, typer.Option(help="A mapping file, as an earlier import printed it.")]
Encoding = Annotated[str | None, typer.Option(help="utf-8, utf-16, latin-1, windows-1252 ...; detected.")]
Delimiter = Annotated[str | None, typer.Option(help="comma, semicolon, tab, bar, '::' ...; detected.")]
Times = Annotated[Literal["s", "ms", "us", "ns"] | None, typer.Option(help="Unit of times that are numbers; detected.")]
Timezone = Annotated[str | None, typer.Option(help="Zone of times without one: UTC, Europe/Berlin, +02:00.")]
DateFormat = Annotated[
    str | None, typer.Option(help="day-first or month-first where both are possible; or such as %d.%m.%Y.")
]


def wishes_of(
    *,
    maps: Sequence[str] | None,
    ignore: Sequence[str] | None,
    events: Sequence[str] | None,
    mapping: Path | None,
    timestamps: str | None,
    refused_id: Callable[[str], bool] | None = None,
    **said: Any,
) -> Wishes:
    """Return what the options say; `said` are keys of a mapping file.

    Raises
    ------
    DataSetError
        One of them says what there is not.
    """
    if said.get("encoding") is not None:
        said["encoding"] = known_encoding(said["encoding"])
    if said.get("timezone") is not None:
        zone_named(said["timezone"])
    own = FileMapping(
        columns=pairs(maps or (), "--map"), ignore=ignore or [], events=pairs(events or (), "--event"), **said
    )
    by_file = {} if mapping is None else read_mappings(mapping)
    return Wishes(own, by_file, frozenset(load_settings().event_types), timestamps, refused_id)
