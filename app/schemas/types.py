"""Types that several wire models share."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, StringConstraints

ID_PATTERN = r"^[A-Za-z0-9._\-:@+=~]{1,128}$"
ID_RULE = "1 to 128 characters of letters, digits and . _ - : @ + = ~"
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_TOLERANCE = timedelta(days=1)
_MAX_JSON_BYTES = 65_536


def _from_text(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or "T" not in value.upper():
        raise ValueError("must be an RFC 3339 string, for example 2026-03-01T12:00:00Z")
    try:
        return datetime.fromisoformat(value)
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
    if moment > datetime.now(UTC) + FUTURE_TOLERANCE:
        raise ValueError("is more than a day in the future")
    return moment


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a NUL character")
    return text


def _storable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        encoded = orjson.dumps(value)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise ValueError(f"cannot be stored as JSON: {error}") from None
    if b"\\u0000" in encoded:
        raise ValueError("holds a NUL character")
    if b":null" in encoded and not _finite(value):
        raise ValueError("holds NaN or an infinity")
    if len(encoded) > _MAX_JSON_BYTES:
        raise ValueError(f"is longer than {_MAX_JSON_BYTES} bytes as JSON")
    return value


def _finite(value: object) -> bool:
    if isinstance(value, dict):
        return all(_finite(part) for part in value.values())
    if isinstance(value, list):
        return all(_finite(part) for part in value)
    return not isinstance(value, float) or value - value == 0


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""An id: 1 to 128 characters of letters, digits and . _ - : @ + = ~"""

Moment = Annotated[AwareDatetime, BeforeValidator(_from_text), AfterValidator(_since_1970)]
"""A time in RFC 3339 with an offset, 1970 or later; kept in UTC."""

PastMoment = Annotated[Moment, AfterValidator(_not_future)]
"""A time that is not more than a day in the future."""

Text = Annotated[str, AfterValidator(_without_nul)]
"""Text that every database can store."""

JsonObject = Annotated[dict[str, Any], AfterValidator(_storable)]
"""A JSON object of at most 64 KiB."""
