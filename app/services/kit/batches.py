"""Batches: many rows in one body, each checked on its own."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter, ValidationError

from app.errors import BatchRefusedError, MalformedBodyError, TooManyRowsError
from app.schemas.batches import RowsStored
from app.schemas.problems import MAX_ERRORS, FieldError, field_error

MAX_ROWS = 10_000
_MAX_UNKNOWN = 3
"""Unknown names in a row that the validator tells: each takes it longer than to read it."""
_AT_ONCE = 100
"""Rows to check before the event loop serves other requests."""
_PART, _LONGEST_PART = 1 << 17, 1 << 19
"""Bytes of rows that are parsed before other requests have their turn, and those that are tried."""
_SPACES = b" \t\r\n"
_BETWEEN_ROWS = re.compile(rb"\}[ \t\r\n]*,[ \t\r\n]*\{")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Batch(Generic[Model]):
    """The valid rows of a batch with their positions, and why the others were refused, by position."""

    rows: list[Model]
    places: list[int]
    refused: dict[int, FieldError]


class _Unreadable:
    """A line that is not JSON."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


async def read_array(body: bytes) -> list[object]:
    """Read the rows of a JSON array, part by part: other requests have their turn between.

    Raises
    ------
    MalformedBodyError
        The body is not a JSON array.
    TooManyRowsError
        There are more than 10,000.
    """
    found = await _in_parts(body)
    if found is not None:
        return _bounded(found)
    try:
        rows = _loads(body)
    except ValueError as error:
        raise MalformedBodyError(str(error)) from error
    if not isinstance(rows, list):
        raise MalformedBodyError("the body must be a JSON array")
    return _bounded(rows)


async def _in_parts(body: bytes) -> list[object] | None:
    """Read the rows of a long array part by part; None where it is short, or has to be read whole.

    A part that begins with a row and is valid ends with one, wherever it was cut: no row is torn apart.
    """
    start, end, size = body.find(b"[") + 1, body.rfind(b"]"), _PART
    if end - start <= _PART or body[: start - 1].strip(_SPACES) or body[end + 1 :].strip(_SPACES):
        return None
    rows: list[object] = []
    while start < end:
        between = _BETWEEN_ROWS.search(body, start + size, end)
        cut = end if between is None else between.start() + 1
        try:
            part = orjson.loads(b"[" + body[start:cut] + b"]")
        except orjson.JSONDecodeError:
            # It was cut within a row, or the whole is not valid.
            if between is None or size == _LONGEST_PART:
                return None
            size *= 2
            continue
        if not part:
            return None
        rows += part
        start, size = end if between is None else between.end() - 1, _PART
        await asyncio.sleep(0)
    return rows


async def read_lines(body: bytes) -> list[object]:
    """Read the rows of NDJSON, one per line; empty lines are skipped, and a line that is not JSON is an invalid row.

    Raises
    ------
    TooManyRowsError
        There are more than 10,000.
    """
    lines = _bounded([line for line in body.split(b"\n") if line.strip()])
    rows, size = [], 0
    for line in lines:
        rows.append(_line(line))
        size += len(line)
        if size > _PART:
            size = 0
            await asyncio.sleep(0)
    return rows


async def validate(rows: Sequence[object], adapter: TypeAdapter[list[Model]], names: Collection[str]) -> Batch[Model]:
    """Check every row.

    Parameters
    ----------
    names
        The names of the fields that a row may have.
    """
    good: list[Model] = []
    places: list[int] = []
    refused: dict[int, FieldError] = {}
    for start in range(0, len(rows), _AT_ONCE):
        page = rows[start : start + _AT_ONCE]
        wrong = {place: why for place, row in enumerate(page) if (why := _unusable(row, names)) is not None}
        try:
            good += adapter.validate_python([row for place, row in enumerate(page) if place not in wrong])
        except ValidationError as error:
            left = [place for place in range(len(page)) if place not in wrong]
            for one in error.errors(include_url=False, include_input=False):
                # Only the first error of each row: the row must be sent again in any case.
                if (place := left[int(one["loc"][0])]) not in wrong:
                    wrong[place] = field_error(one, one["loc"][1:], "row")
            good += adapter.validate_python([row for place, row in enumerate(page) if place not in wrong])
        places += [start + place for place in range(len(page)) if place not in wrong]
        refused |= {start + place: why for place, why in sorted(wrong.items())}
        await asyncio.sleep(0)
    return Batch(good, places, refused)


async def put_batch(
    given: Sequence[object],
    adapter: TypeAdapter[list[Model]],
    names: Collection[str],
    put: Callable[[list[Model]], Awaitable[None]],
    *,
    atomic: bool,
    check: Callable[[Model], list[FieldError]] = lambda _: [],
) -> RowsStored:
    """Store the valid rows of a batch in one transaction.

    Parameters
    ----------
    names
        The names of the fields that a row may have.
    put
        Creates or replaces rows and commits; not called if no row is valid.
    atomic
        Whether nothing is stored if a row is refused.
    check
        Says why a valid row is refused all the same.

    Raises
    ------
    BatchRefusedError
        A row is refused, and `atomic` is true.
    """
    batch = _checked(await validate(given, adapter, names), check)
    if batch.refused and atomic:
        raise all_refused(batch.refused, len(given))
    if batch.rows:
        await put(batch.rows)
    return RowsStored(stored=len(batch.rows), **told(batch.refused))


def _checked(batch: Batch[Model], check: Callable[[Model], list[FieldError]]) -> Batch[Model]:
    """Refuse further rows of a batch."""
    wrong = {place: why[0] for place, row in zip(batch.places, batch.rows, strict=True) if (why := check(row))}
    kept = [(row, place) for row, place in zip(batch.rows, batch.places, strict=True) if place not in wrong]
    return Batch([row for row, _ in kept], [place for _, place in kept], {**batch.refused, **wrong})


def told(refused: Mapping[int, FieldError]) -> dict[str, Any]:
    """Return what an answer says of refused rows: the first ones, and of more the places of all."""
    found = {"refused": len(refused), "errors": _first(refused)}
    return found if len(refused) <= MAX_ERRORS else found | {"refused_rows": sorted(refused)}


def all_refused(refused: Mapping[int, FieldError], count: int) -> BatchRefusedError:
    """Return the error of a batch of so many rows that is refused whole."""
    text = f"{len(refused):,} of {count:,} rows are refused: nothing was stored"
    return BatchRefusedError(text, _first(refused))


def _first(refused: Mapping[int, FieldError]) -> list[FieldError]:
    """Return the first refusals in the order of the rows, each with its place."""
    places = sorted(refused)[:MAX_ERRORS]
    return [refused[place].model_copy(update={"index": place}) for place in places]


def _bounded(rows: list[Any]) -> list[Any]:
    if len(rows) > MAX_ROWS:
        raise TooManyRowsError(f"the batch has {len(rows):,} rows; at most {MAX_ROWS:,} are taken: send several")
    return rows


def _line(line: bytes) -> object:
    try:
        return _loads(line)
    except ValueError as error:
        return _Unreadable(str(error))


def _unusable(row: object, names: Collection[str]) -> FieldError | None:
    """Say why the validator need not look at a row; None where it has to."""
    if isinstance(row, _Unreadable):
        return FieldError(field="row", code="malformed_json", detail=row.reason)
    if isinstance(row, dict) and len(row) > len(names) + _MAX_UNKNOWN:
        unknown = next(name for name in row if name not in names)
        return field_error({"type": "extra_forbidden"}, [unknown], "row")
    return None


def _loads(text: bytes) -> Any:
    """Parse JSON; NaN and infinities are accepted here, so that the validation can name the field."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(text)
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8") from error
    except RecursionError as error:
        raise ValueError("is nested too deep") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at character {error.pos}") from error
