"""Looks at uploaded files for a person: what they hold, how they would be read, and what would be left out.

It runs in the process that looks at uploads, within its bounds.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from app.schemas.ids import in_force, needs_wider_rule
from app.schemas.upload_previews import (
    KindCounts,
    LeftOutRow,
    UploadColumn,
    UploadedFile,
    UploadEvent,
    UploadPreview,
    UploadQuestion,
)
from app.services.kit.event_types import EventTypeRule
from app.services.transfer.checking import FIRST_ROWS, Clean, Looked
from app.services.transfer.counts import INTERACTIONS, ITEMS, USERS
from app.services.transfer.dropped import Dropped, explained
from app.services.transfer.import_rows import Timestamps, clean_interactions, clean_items, clean_users
from models.data.columns import EVENT_TYPE, TIMESTAMP
from models.data.file_chunks import Chunk, Files, open_paths
from models.data.folder import typed
from models.data.reading.columns_known import BY_FILE
from models.data.reading.mapping import FileMapping
from models.data.reading.opening import Opened, Wishes, data_suffix
from models.data.reading.rows import shown
from models.data.reading.sources import ROW
from models.data.reading.times import EARLIEST
from models.data.schema import Schema

_ROWS, _COLUMNS, _EVENTS, _TOLD = 5, 60, 30, 20
_LATEST = 1e11
_LONGEST_EVENT, _LONGEST_NAME = 64, 200
"""Longer ones are not shown; they are read all the same."""


def preview(folder: Path, order: Mapping[str, Any], by_file: Mapping[str, FileMapping]) -> UploadPreview:
    """Look at the files of a folder.

    Parameters
    ----------
    order
        `events` that are configured, `allow_unknown` of them, `id_rule`, `schema` of attributes, `timestamps` (None
        asks where numbers seem to be an order), and `asks_ids`: whether ids that are not taken are asked about.

    Raises
    ------
    DataSetError
        They cannot be read.
    """
    in_force.use(order["id_rule"])
    known = frozenset(order["events"])
    wishes = Wishes(
        by_file=by_file,
        known_events=known,
        timestamps=order["timestamps"],
        refused_id=needs_wider_rule if order["asks_ids"] else None,
    )
    sent = [path for path in sorted(folder.iterdir()) if data_suffix(path.name) is not None]
    # One file alone is read whatever its columns are called, so that they can be mapped.
    files = open_paths(sent if len(sent) == 1 else [folder], wishes)
    asked = bool(files.questions)
    declared = frozenset(order["schema"].get("items", ()))
    looked = Looked() if asked else _looked(files, order)
    return UploadPreview(
        files=[_described(one, known, declared, asked=asked) for one in files.opened],
        left=[line[:500] for line in files.left[:_TOLD]],
        counts={
            name: KindCounts(read=count.read, kept=count.kept, dropped=count.dropped)
            for name, count in looked.counts.items()
        },
        examples=[
            LeftOutRow(line=bad.line, column=bad.column, cell=bad.cell, reason=bad.reason, accepted=bad.accepted)
            for bad in explained(looked.examples, known)
        ],
    )


def _looked(files: Files, order: Mapping[str, Any]) -> Looked:
    """Read and clean the first rows of each file."""
    schema = Schema.model_validate(order["schema"])
    rule = EventTypeRule(order["events"], allow_unknown=order["allow_unknown"])
    interactions = files.interactions
    as_order = order["timestamps"] == "order" or (interactions is not None and interactions.only_order)
    meaning: Timestamps = "order" if as_order else "seconds"
    exported = interactions is not None and interactions.exported

    def usable(table: Any, dropped: dict[str, int]) -> Any:
        return clean_interactions(table, meaning, dropped, rule, exported=exported)

    cleaners: dict[str, Clean] = {
        ITEMS: partial(clean_items, schema=schema),
        USERS: partial(clean_users, schema=schema),
        INTERACTIONS: usable,
    }
    looked = Looked()
    for opened in files.opened:
        raw, kind = opened.source.beginning(FIRST_ROWS), opened.plan.kind
        is_own = kind == INTERACTIONS and exported
        table = typed(raw.table if is_own else opened.plan.reading.apply(raw.table), kind, opened.source.place)
        dropped = Dropped()
        chunk = Chunk(table, 0.0, raw.bad, opened)
        looked.add(kind, chunk, len(cleaners[kind](table, dropped)), dropped)
    return looked


def _described(opened: Opened, known: frozenset[str], declared: frozenset[str], *, asked: bool) -> UploadedFile:
    source, made = opened.source, opened.plan
    mapping = made.mapping
    targets = {name: target for target, name in mapping.columns.items()}
    table = source.first(_ROWS)
    names = [name for name in source.names if name in table.column_names and len(name) <= _LONGEST_NAME][:_COLUMNS]
    columns_read, first = ([], []) if asked else _first(opened, declared)
    return UploadedFile(
        name=source.place.path.name,
        kind=made.kind,
        format=made.format,
        described=source.described,
        columns=[
            UploadColumn(
                name=name,
                cells=["" if cell is None else shown(cell) for cell in table[name].to_pylist()],
                target=targets.get(name),
                ignored=name in mapping.ignore,
            )
            for name in names
        ],
        more_columns=len(source.names) - len(names),
        told=[line[:500] for line in made.told[:_TOLD]],
        questions=[UploadQuestion(answer=one.answer, column=one.column, text=one.text) for one in made.questions],
        events=_events(opened, known),
        columns_read=columns_read,
        first=first,
        times=mapping.times,
        timezone=mapping.timezone,
        date_format=mapping.date_format,
    )


def _events(opened: Opened, known: frozenset[str]) -> list[UploadEvent]:
    name = opened.plan.mapping.columns.get(EVENT_TYPE)
    if opened.plan.kind != INTERACTIONS or name is None:
        return []
    cells = dict.fromkeys(str(cell) for cell in opened.source.sample(name, FIRST_ROWS) if cell is not None)
    read = [(cell, opened.plan.reading.event(cell)) for cell in list(cells)[:_EVENTS] if len(cell) <= _LONGEST_EVENT]
    return [UploadEvent(cell=cell, read=event, known=event in known) for cell, event in read]


def _first(opened: Opened, declared: frozenset[str]) -> tuple[list[str], list[list[str]]]:
    """Return the first rows as they would be stored: of items the fields and the declared attributes."""
    table = opened.plan.reading.apply(opened.source.first(_ROWS))
    names = [name for name in table.column_names if name != ROW and len(name) <= _LONGEST_NAME]
    if opened.plan.kind == ITEMS:
        names = [name for name in names if name in BY_FILE[ITEMS] or name in declared]
    names = names[:_COLUMNS]
    return names, [[_cell(name, row[name]) for name in names] for row in table.select(names).to_pylist()]


def _cell(name: str, value: object) -> str:
    if name == TIMESTAMP and isinstance(value, float) and EARLIEST <= value < _LATEST:
        return datetime.fromtimestamp(value, UTC).isoformat(sep=" ", timespec="seconds").removesuffix("+00:00")
    return "" if value is None else shown(value)
