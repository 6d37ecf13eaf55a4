"""Decides how a file is read: by what was said, by known formats, by known names, and by its first rows."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from models.data import columns
from models.data.errors import DataSetError
from models.data.reading import columns_known, delimiters, encodings, times, values
from models.data.reading.applying import Reading
from models.data.reading.columns_known import ATTRIBUTE, BY_FILE, UNIT_PRICE
from models.data.reading.formats import Format
from models.data.reading.mapping import FileMapping
from models.data.reading.planning_times import plan_times
from models.data.reading.plans import Plan, Question
from models.data.reading.rows import shown
from models.data.reading.sources import Source

LISTS = ("categories", "tags")
_LOOKED_AT = 1000


def plan(
    source: Source,
    kind: str,
    said: FileMapping,
    known: Format | None,
    known_events: frozenset[str],
    *,
    timestamps: str | None = "seconds",
    refused_id: Callable[[str], bool] | None = None,
) -> Plan:
    """Decide how a file is read.

    Parameters
    ----------
    said
        What the user says about it; it counts more than anything else.
    known
        The format that it was recognised as, if any.
    known_events
        Event types that need no mapping.
    timestamps
        What numbers are: `seconds`, or `order`; None asks where they are too small for times.
    refused_id
        Tells of an id that it would be left out and need not be; None asks about none.

    Raises
    ------
    DataSetError
        What was said does not fit the file.
    """
    repeated = sorted(column for column, times_named in Counter(source.names).items() if times_named > 1)
    if repeated:
        raise DataSetError(f"{source.place}: the column {repeated[0]!r} occurs twice")
    _require_columns(source, kind, said)
    given = said.with_others(_in_names_of(known.mapping, source.names, said)) if known and known.mapping else said
    mapped = dict(given.columns)
    free = [
        one for one in source.names if one not in mapped.values() and one not in given.ignore and one not in given.flags
    ]
    for target, found in columns_known.recognised(free, kind).items():
        if target not in mapped and not _is_double(target, mapped):
            mapped[target] = found
    mapping = given.model_copy(update={"kind": kind, "columns": mapped})
    mapping = mapping.model_copy(
        update={"constants": {to: value for to, value in given.constants.items() if to not in mapped}}
    )
    made = Plan(kind, mapping, Reading(kind, mapping, trims=source.kind != "parquet"), known.format if known else None)
    if source.kind != "parquet" and (source.encoding, source.delimiter) != (encodings.UTF_8, delimiters.COMMA):
        made.told.append(f"read as {source.described} (--delimiter, --encoding)")
    _require_ids(made, source)
    if refused_id is not None and mapping.ids is None:
        _ids(made, source, refused_id)
    _leave(made, source)
    plan_times(made, source, timestamps)
    _cells(made, source, known_events)
    return made


def _in_names_of(known: FileMapping, names: Sequence[str], said: FileMapping) -> FileMapping:
    """Bring the names of a known format into the spelling of the file, and leave out those that it has not."""
    spelled = {columns_known.tight(name): name for name in names}

    def own(name: str) -> str | None:
        return spelled.get(columns_known.tight(name))

    found = {to: spelling for to, name in known.columns.items() if (spelling := own(name)) is not None}
    ignored = [
        spelling
        for name in known.ignore
        if (spelling := own(name)) is not None and spelling not in said.columns.values()
    ]
    return known.model_copy(update={"columns": found, "ignore": ignored})


def _is_double(target: str, mapped: Mapping[str, str]) -> bool:
    return {target, *mapped} >= {columns.REVENUE, UNIT_PRICE}


def _require_columns(source: Source, kind: str, said: FileMapping) -> None:
    for target, name in said.columns.items():
        if target not in BY_FILE[kind] and not (kind != "interactions" and target.startswith(ATTRIBUTE)):
            known = ", ".join(BY_FILE[kind]) + ("" if kind == "interactions" else f", {ATTRIBUTE}NAME")
            raise DataSetError(f"{source.place}: {target!r} is not a column of {kind}: use {known}")
        if name not in source.names:
            raise DataSetError(f"{source.place}: has no column {name!r} (found: {_named(source.names)})")


def _require_ids(made: Plan, source: Source) -> None:
    bare = any(map(_is_number, source.names))
    more = "; if its first line names no columns, --columns user_id,item_id,... does" if bare else ""
    for target in columns_known.REQUIRED[made.kind]:
        if target not in made.mapping.columns:
            found = f"(found: {_named(source.names)})"
            text = f"the column {target!r} is missing {found}; --map {target}=COLUMN names it{more}"
            made.questions.append(Question(str(source.place), "--map", target, text))


def _ids(made: Plan, source: Source, refused: Callable[[str], bool]) -> None:
    """Ask about ids that would be left out."""
    for target in (columns.USER, columns.ITEM):
        name = made.mapping.columns.get(target)
        if name is None or source.is_exported:
            continue
        found = dict.fromkeys(str(cell).strip() for cell in source.sample(name) if cell is not None)
        wrong = [cell for cell in found if refused(cell)]
        if wrong:
            text = (
                f"{len(wrong):,} of the first {len(found):,} ids in {name!r} are not taken, such as"
                f" {shown(wrong[0])!r}: BRAID_ID_RULE=utf8 takes them as they are, --ids encode encodes them,"
                " --ids drop leaves their rows out"
            )
            made.questions.append(Question(str(source.place), "--ids", name, text))


def _leave(made: Plan, source: Source) -> None:
    """Name the columns that are not mapped, and ask about those that seem to matter."""
    mapping, used = made.mapping, {*made.mapping.columns.values(), *made.mapping.ignore, *made.mapping.flags}
    left = [name for name in source.names if name not in used]
    if made.kind == "users":
        return
    made.left = left
    if made.kind != "interactions":
        return
    for name in left:
        looks = columns_known.looks_like(name) or _looks_by_cells(name, mapping, source)
        if looks is None:
            continue
        what, target = looks
        example = f"--map {target}={name}" if " " not in target else f"--map with {target}"
        text = f"the column {name!r} looks like {what} and is not mapped: {example}, or --ignore {name}"
        made.questions.append(Question(str(source.place), "--ignore", name, text))


def _looks_by_cells(name: str, mapping: FileMapping, source: Source) -> tuple[str, str] | None:
    texts = [cell for cell in source.sample(name, _LOOKED_AT) if isinstance(cell, str)]
    if not texts:
        return None
    if columns.EVENT_TYPE not in mapping.columns and {text.strip().lower() for text in texts} <= _EVENT_WORDS:
        return "an event type", columns.EVENT_TYPE
    dates = [text for text in texts if not _is_number(text)]
    if (
        columns.TIMESTAMP not in mapping.columns
        and dates
        and all(times.plain_time(text.strip(), day_first=True) for text in dates[:50])
    ):
        return "a time", columns.TIMESTAMP
    return None


def _cells(made: Plan, source: Source, known_events: frozenset[str]) -> None:
    """Find how lists are separated and what event types are called."""
    mapping, reading = made.mapping, made.reading
    for target in LISTS:
        if target in mapping.columns:
            separator = values.separator_of(source.sample(mapping.columns[target]))
            reading.separators[target] = separator
            if separator is not None:
                made.told.append(f"{target}: lists separated by {separator!r}")
    if columns.EVENT_TYPE in mapping.columns and made.kind == "interactions":
        reading.known_events = known_events
        cells = source.sample(mapping.columns[columns.EVENT_TYPE])
        for cell, rows in Counter(str(cell) for cell in cells if cell is not None).items():
            read = reading.event(cell)
            if read not in known_events:
                made.unknown_events[cell] = rows
            if read != cell:
                made.told.append(f"event_type: {cell!r} is read as {read!r} (--event {cell.strip()}=...)")


def _named(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names)) or "none"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_EVENT_WORDS = frozenset(
    {"view", "click", "cart", "purchase", "like", "rating", "dislike", "return", *columns_known.EVENT_NAMES}
)
