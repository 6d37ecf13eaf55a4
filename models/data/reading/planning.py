"""Decides how a file is read: by what was said, by known formats, by known names, and by its first rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from models.data import columns
from models.data.errors import DataSetError
from models.data.folder import EXPORTED
from models.data.order import is_order
from models.data.reading import columns_known, delimiters, encodings, times, values
from models.data.reading.applying import Reading
from models.data.reading.columns_known import ATTRIBUTE, BY_FILE, UNIT_PRICE
from models.data.reading.formats import Format
from models.data.reading.mapping import FileMapping
from models.data.reading.rows import shown
from models.data.reading.sources import Source

LISTS = ("categories", "tags")
_LOOKED_AT = 1000
MOMENTS = ("available_from", "available_until")


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
    """How a file is read, what is told about it, and what has to be said first."""

    kind: str
    mapping: FileMapping
    reading: Reading
    format: str | None = None
    left: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def is_own(self) -> bool:
        """Whether the file has the format of data-set folders: nothing was mapped."""
        given = self.mapping.model_dump(exclude_defaults=True)
        own = all(to == name for to, name in self.mapping.columns.items())
        return own and not self.told and not self.format and not (given.keys() - {"kind", "columns"})


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
    repeated = sorted({column for column in source.names if source.names.count(column) > 1})
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
    made = Plan(kind, mapping, Reading(kind, mapping), known.format if known else None)
    if source.kind != "parquet" and (source.encoding, source.delimiter) != (encodings.UTF_8, delimiters.COMMA):
        made.told.append(f"read as {source.described} (--delimiter, --encoding)")
    _require_ids(made, source)
    if refused_id is not None and mapping.ids is None:
        _ids(made, source, refused_id)
    _leave(made, source)
    _times(made, source, timestamps)
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
    for target in columns_known.REQUIRED[made.kind]:
        if target not in made.mapping.columns:
            text = f"the column {target!r} is missing (found: {_named(source.names)}); --map {target}=COLUMN names it"
            made.questions.append(Question(str(source.place), "--map", target, text))


def _ids(made: Plan, source: Source, refused: Callable[[str], bool]) -> None:
    """Ask about ids that would be left out."""
    for target in (columns.USER, columns.ITEM):
        name = made.mapping.columns.get(target)
        if name is None or _is_exported(source):
            continue
        found = dict.fromkeys(str(cell) for cell in source.sample(name) if cell is not None)
        wrong = [cell for cell in found if refused(cell)]
        if wrong:
            text = (
                f"{len(wrong):,} of the first {len(found):,} ids in {name!r} are not taken, such as {shown(wrong[0])!r}:"
                " BRAID_ID_RULE=utf8 takes them as they are, --ids encode encodes them,"
                " --ids drop leaves their rows out"
            )
            made.questions.append(Question(str(source.place), "--ids", name, text))


def _is_exported(source: Source) -> bool:
    return source.schema is not None and EXPORTED in (source.schema.metadata or {})


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


def _times(made: Plan, source: Source, timestamps: str | None) -> None:
    """Find the unit, the zone and the order of day and month; ask where the file does not say it."""
    said, name = made.mapping, str(source.place)
    targets = [target for target in (columns.TIMESTAMP, *MOMENTS) if target in said.columns]
    if made.kind == "users" or not targets:
        made.reading.times = times.TimeReading()
        return
    first = source.sample(said.columns[targets[0]])
    cells = [*first, *(cell for target in targets[1:] for cell in source.sample(said.columns[target]))]
    unit, texts = said.times, times.texts_of(cells)
    marked = source.schema is not None and (is_order(source.schema) or _is_exported(source))
    if marked or timestamps == "order":
        return
    if unit is None and (found := times.unit_of(first)) is not None:
        unit = found[0]  # type: ignore[assignment]
        if timestamps is None and abs(found[1]) < times.EARLIEST:
            middle = f"{found[1]:,.15g}"
            text = (
                f"the numbers in {said.columns[targets[0]]!r}, such as {middle}, would be times before 1973:"
                " --timestamps order takes them for an order, --timestamps seconds for times"
            )
            made.questions.append(Question(name, "--timestamps", said.columns[targets[0]], text))
        if unit != "s":
            made.told.append(
                f"{targets[0]}: {times.UNIT_NAMES[str(unit)]} since 1970, by their magnitude (--times {unit})"
            )
    order, both = times.order_of_day(texts)
    form = said.date_format or order
    if form is None and both is not None:
        text = (
            f"the column {said.columns[targets[0]]!r}: {both!r} can be read in two ways:"
            f" --date-format {times.DAY_FIRST} or {times.MONTH_FIRST}"
        )
        made.questions.append(Question(name, "--date-format", said.columns[targets[0]], text))
    elif form is not None and form == order and said.date_format is None:
        made.told.append(
            f"{targets[0]}: the {'day' if form == times.DAY_FIRST else 'month'} comes first (--date-format {form})"
        )
    bare = times.without_zone(texts) if form in {None, times.DAY_FIRST, times.MONTH_FIRST} else next(iter(texts), None)
    zone = said.timezone
    if bare is not None and zone is None and "%z" not in str(form):
        text = (
            f"the column {said.columns[targets[0]]!r} has times without a zone, such as {bare!r}:"
            " --timezone UTC, or Europe/Berlin, says which"
        )
        made.questions.append(Question(name, "--timezone", said.columns[targets[0]], text))
    made.mapping = said.model_copy(update={"times": said.times or (unit if unit != "s" else None), "date_format": form})
    made.reading.mapping = made.mapping
    made.reading.times = times.TimeReading(str(unit or "s"), times.zone_named(zone) if zone else None, form)


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
        for cell in dict.fromkeys(str(cell) for cell in cells if cell is not None):
            read = reading.event(cell)
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
