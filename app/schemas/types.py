"""Types that several wire models share."""

import math
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.times import clock
from models.data.catalogue import is_vector
from models.data.schema import MAX_LENGTH, MAX_VECTORS

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_TOLERANCE = timedelta(days=1)
_TOLERATED_SECONDS = FUTURE_TOLERANCE.total_seconds()
MAX_JSON_BYTES = 65_536
MAX_CONTEXT_BYTES = 4_096
MAX_CONTEXT_NAMES = 50
_MAX_NUMBERS = MAX_VECTORS * MAX_LENGTH


def _from_text(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("must be an RFC 3339 string, for example 2026-03-01T12:00:00Z")
    try:
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError("is not an RFC 3339 time, for example 2026-03-01T12:00:00Z") from None


def _since_1970(moment: datetime) -> datetime:
    try:
        utc = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("is out of range") from None
    if utc < EARLIEST:
        raise ValueError("is before 1970")
    return utc


def _not_future(moment: datetime) -> datetime:
    if moment.timestamp() > clock.seconds() + _TOLERATED_SECONDS:
        raise ValueError("is more than a day in the future")
    return moment


def _storable_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair") from None
    return text


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        encoded = orjson.dumps(value)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise ValueError(f"cannot be stored as JSON: {error}") from None
    if len(encoded) > MAX_JSON_BYTES:
        raise ValueError(f"is longer than {MAX_JSON_BYTES} bytes as JSON")
    for name, part in value.items():
        _storable_text(name)
        try:
            _check_parts(part)
        except _NotFiniteError as error:
            # The error of a validator keeps its place: that of the name, not of the whole object.
            problem = InitErrorDetails(type=PydanticCustomError("value_error", str(error)), loc=(name,), input=None)
            raise ValidationError.from_exception_data("JsonObject", [problem]) from None
    return value


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if len(value) > MAX_CONTEXT_NAMES:
        raise ValueError(f"has more than {MAX_CONTEXT_NAMES} names")
    if len(orjson.dumps(value)) > MAX_CONTEXT_BYTES:
        raise ValueError(f"is longer than {MAX_CONTEXT_BYTES:,} bytes as JSON")
    return value


def _storable_with_vectors(value: dict[str, Any]) -> dict[str, Any]:
    vectors = {name for name, part in value.items() if is_vector(part)}
    if sum(len(value[name]) for name in vectors) > _MAX_NUMBERS:
        raise ValueError(f"holds lists of more than {_MAX_NUMBERS:,} numbers together")
    _storable({name: part for name, part in value.items() if name not in vectors})
    for name in vectors:
        _storable({name: value[name]} if not _is_finite(value[name]) else {name: None})
    return value


def _is_finite(numbers: list[float]) -> bool:
    try:
        return math.isfinite(math.fsum(map(abs, numbers)))
    except OverflowError:
        return False


class _NotFiniteError(ValueError):
    """A number that JSON cannot write."""


def _check_parts(value: object) -> None:
    """Refuse values that JSON or a database cannot store, at any depth."""
    if isinstance(value, dict):
        for name, part in value.items():
            _storable_text(name)
            _check_parts(part)
    elif isinstance(value, list):
        for part in value:
            _check_parts(part)
    elif isinstance(value, str):
        _storable_text(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise _NotFiniteError("holds NaN or an infinity")


Moment = Annotated[AwareDatetime, BeforeValidator(_from_text), AfterValidator(_since_1970)]
"""A time in RFC 3339 with an offset, 1970 or later; kept in UTC."""

PastMoment = Annotated[Moment, AfterValidator(_not_future)]
"""A time that is not more than a day in the future."""

Text = Annotated[str, AfterValidator(_storable_text)]
"""Text that every database can store."""

JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]
"""A JSON object of at most 64 KiB."""

Context = Annotated[JsonObject, AfterValidator(_small)]
"""A JSON object of at most 4 KiB: every interaction may have one, and training reads them all."""

ItemAttributes = Annotated[dict[str, Any], AfterValidator(_storable_with_vectors)]
"""A JSON object of at most 64 KiB, lists of many numbers not counted: they may be declared as vectors."""
