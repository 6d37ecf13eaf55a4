"""Opens what is to be imported: a folder or files become interactions, items and users, each with its plan."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.data import columns
from models.data.errors import DataSetError
from models.data.events import EVENT_WEIGHTS
from models.data.folder import reading
from models.data.reading import columns_known
from models.data.reading.columns_known import FILE_NAMES
from models.data.reading.compression import PACKED, ZIP, Place, places
from models.data.reading.formats import Format, headerless, recognise
from models.data.reading.gorse import is_dump
from models.data.reading.looking import look_at
from models.data.reading.mapping import FileMapping
from models.data.reading.planning import plan
from models.data.reading.plans import Plan, Question
from models.data.reading.sources import Source

KINDS = ("items", "users", "interactions")
SUFFIXES = frozenset(
    {".csv", ".tsv", ".txt", ".dat", ".data", ".item", ".user", ".json", ".jsonl", ".ndjson", ".parquet"}
)
EVALUATED = ("test", "candidates", "histories")
_HAPPENED = frozenset({columns.EVENT_TYPE, columns.VALUE, columns.TIMESTAMP, columns.QUANTITY})
_DESCRIBES = frozenset({"title", "description", "categories", "image_url"})
_PAGES = ("readme", "license", "licence", "notice", "allbut")
NOTHING = "contains neither interactions.parquet nor interactions.csv, nor another file that can be imported"


@dataclass(frozen=True)
class Wishes:
    """What was said about how files are read; what is empty is found out.

    `mapping` is said of all files, `by_file` of one each, by its name. `known_events` are the event types that need no
    mapping. `timestamps` is `seconds` or `order`; None asks for it where numbers seem to be an order. `refused_id`
    tells of an id that it would be left out, and need not be; None asks about none.
    """

    mapping: FileMapping = field(default_factory=FileMapping)
    by_file: Mapping[str, FileMapping] = field(default_factory=dict)
    known_events: frozenset[str] = frozenset(EVENT_WEIGHTS)
    timestamps: str | None = "seconds"
    refused_id: Callable[[str], bool] | None = None


@dataclass(frozen=True)
class Opened:
    """A file and how it is read."""

    source: Source
    plan: Plan


@dataclass(frozen=True)
class Found:
    """The files that are read, those that are not and why, and what has to be said first."""

    files: tuple[Opened, ...]
    left: tuple[str, ...] = ()

    @property
    def questions(self) -> list[Question]:
        """What has to be said before the files are read."""
        return [question for one in self.files for question in one.plan.questions]


def open_files(paths: Sequence[Path], wishes: Wishes) -> Found:
    """Open folders and files.

    Raises
    ------
    DataSetError
        One is missing or cannot be read, or nothing that was named is there.
    """
    found: list[Opened] = []
    left: list[str] = []
    for place in _places(paths, left):
        opened = _open(place, wishes, left, alone=len(paths) == 1 and paths[0].is_file())
        if opened is not None:
            found.append(opened)
    if not found:
        raise DataSetError(f"{paths[0]}: {NOTHING}" + (f" ({'; '.join(left)})" if left else ""))
    _require_used(wishes, found)
    found.sort(key=lambda one: KINDS.index(one.plan.kind))
    return Found(tuple(found), tuple(left))


def open_evaluated(folder: Path, wishes: Wishes) -> dict[str, Opened]:
    """Open the files of a data-set folder that only an evaluation reads, by their names.

    Raises
    ------
    DataSetError
        One cannot be read, or is there twice.
    """
    found: dict[str, Opened] = {}
    for one in _data_of(folder):
        if (name := _stem(one)) in EVALUATED:
            opened = _open(one, wishes, [], alone=False, kind="interactions")
            if name in found:
                raise DataSetError(_both(folder, [found[name].source.place, one]))
            if opened is not None:
                found[name] = opened
    return found


def _places(paths: Iterable[Path], left: list[str]) -> list[Place]:
    found: list[Place] = []
    for path in paths:
        if path.is_dir():
            found += _in_folder(path, left)
        elif path.is_file():
            with reading(path):
                found += places(path)
        else:
            raise DataSetError(f"{path}: there is no such folder or file")
    return found


def _in_folder(folder: Path, left: list[str]) -> list[Place]:
    """Return the files of a folder; in a data-set folder those with its names."""
    named = _data_of(folder)
    own: dict[str, list[Place]] = {}
    for one in named:
        if _stem(one) in KINDS:
            own.setdefault(_stem(one), []).append(one)
    for several in own.values():
        if len(several) > 1:
            raise DataSetError(_both(folder, several))
    if KINDS[-1] not in own:
        return named
    kept = [one for ones in own.values() for one in ones]
    others = [one for one in named if one not in kept and _stem(one) not in EVALUATED]
    left += [f"{one}: is not read: a folder with {', '.join(own)} holds no other file" for one in others]
    return kept


def _data_of(folder: Path) -> list[Place]:
    """List the files of a folder that may hold data."""
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and not path.name.startswith(".")]
    return [one for path in files if _is_data(path) for one in places(path)]


def _both(folder: Path, several: Sequence[Place]) -> str:
    first, second, *_ = sorted((one.path.name for one in several), key=lambda name: not name.endswith(".parquet"))
    return f"{folder}: contains both {first} and {second}: remove one of them"


def _is_data(path: Path) -> bool:
    return is_dump(path) or (data_suffix(path.name) is not None and not path.name.lower().startswith(_PAGES))


def data_suffix(name: str) -> str | None:
    """Return the suffixes of a file that can be read, such as `.csv.gz`; None where it is no such file."""
    suffixes = [suffix.lower() for suffix in Path(name).suffixes]
    packed = [suffixes.pop()] if suffixes and suffixes[-1] in PACKED else []
    kept = suffixes[-1:] + packed
    return "".join(kept) if suffixes and suffixes[-1] in SUFFIXES | {ZIP} else None


def is_text(suffix: str) -> bool:
    """Return whether files with this suffix are text that is not packed."""
    return suffix in SUFFIXES and suffix != ".parquet"


def _stem(place: Place) -> str:
    return place.name.split(".")[0].lower()


def _open(place: Place, wishes: Wishes, left: list[str], *, alone: bool, kind: str | None = None) -> Opened | None:
    said = _said(place, wishes)
    with reading(place):
        source, known = _look(place, said)
    if known is not None and known.mapping is None:
        left.append(f"{place}: is not read: of {known.format}, ratings, items and users are")
        return None
    found = None if known is None else known.mapping
    kind = kind or said.kind or (found.kind if found is not None else None) or _kind(place, source, said)
    if kind is None:
        if not alone:
            left.append(f"{place}: is not read: has neither users nor items ({', '.join(source.names[:20])})")
            return None
        kind = "interactions"
    fitting = _fitting(said, source, str(kind), is_own=_said_of(place, wishes) is not None or alone)
    made = plan(
        source,
        str(kind),
        fitting,
        known,
        wishes.known_events,
        timestamps=wishes.timestamps,
        refused_id=wishes.refused_id,
    )
    source.wanted = None if source.is_exported else made.reading.wanted(source.names)
    return Opened(source, made)


def _said_of(place: Place, wishes: Wishes) -> FileMapping | None:
    names = (str(place), place.path.name, place.name, _stem(place))
    return next((wishes.by_file[name] for name in names if name in wishes.by_file), None)


def _said(place: Place, wishes: Wishes) -> FileMapping:
    own = _said_of(place, wishes)
    return wishes.mapping if own is None else wishes.mapping.with_others(own)


def _fitting(said: FileMapping, source: Source, kind: str, *, is_own: bool) -> FileMapping:
    """Leave out what was said of all files and cannot be meant of this one."""
    if is_own:
        return said
    known = columns_known.BY_FILE[kind]
    fitting = {to: name for to, name in said.columns.items() if name in source.names and (to in known or "." in to)}
    return said.model_copy(update={"columns": fitting})


def _look(place: Place, said: FileMapping) -> tuple[Source, Format | None]:
    known = headerless(place.name)
    if known is not None and known.mapping is None:
        return Source(place, "csv", []), known
    if known is not None and known.mapping is not None and said.names is None:
        own = known.mapping
        source = look_at(place, encoding=said.encoding or own.encoding, delimiter=own.delimiter, names=own.names)
        if source.has_width():
            return source, known
    source = look_at(place, encoding=said.encoding, delimiter=said.delimiter, names=said.names)
    return source, recognise(place.name, source.names)


def _kind(place: Place, source: Source, said: FileMapping) -> str | None:
    if _stem(place) in KINDS:
        return _stem(place)
    mapped = {*columns_known.recognised(source.names, "interactions"), *said.columns}
    if {columns.USER, columns.ITEM} <= mapped:
        return "interactions"
    if columns.ITEM in mapped and _DESCRIBES & columns_known.recognised(source.names, "items").keys():
        return "items"
    form = columns_known.tight(place.name.split(".")[0]) if place.name.count(".") else columns_known.tight(place.name)
    for kind, names in FILE_NAMES.items():
        if form in names.split():
            return kind
    if mapped & {columns.ITEM, columns.USER} and mapped & _HAPPENED:
        return "interactions"
    return "items" if columns.ITEM in mapped else "users" if columns.USER in mapped else None


def _require_used(wishes: Wishes, found: Sequence[Opened]) -> None:
    """Refuse what was said about columns that no file has."""
    names = {name for one in found for name in one.source.names}
    for option, given in (("--map", wishes.mapping.columns.values()), ("--ignore", wishes.mapping.ignore)):
        for name in given:
            if name not in names:
                raise DataSetError(
                    f"{option}: no file has a column {name!r} (found: {', '.join(map(repr, sorted(names)))})"
                )
