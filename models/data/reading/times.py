"""Times in the cells of files: numbers of any unit, RFC 3339, and dates as people write them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.data.errors import DataSetError
from models.data.numbers import numbers

UNITS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
UNIT_NAMES = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
_LARGEST = (("s", 1e11), ("ms", 1e14), ("us", 1e17))
"""Below: 1e11 seconds are the year 5138, 1e11 milliseconds 1973."""
EARLIEST = 1e8
"""Seconds before 1973: rather an order than times."""
_SHARE = 0.05
"""Of the numbers, at least, that make a unit beside another one."""
DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
_SLASHED = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*([AaPp][Mm])?)?\Z"
)
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})(.*)\Z")
_CENTURY, _TWELVE = 100, 12
_ZONE = re.compile(r"[+-](\d{2}):?(\d{2})\Z")
WORDS = ("%b %d, %Y", "%d %b %Y", "%B %d, %Y", "%d %B %Y", "%m %d, %Y", "%Y-%m-%d %H:%M:%S UTC", "%d-%b-%Y")
"""Dates in words that are read without being asked for."""


@dataclass(frozen=True)
class TimeReading:
    """How times are read: the unit of numbers, the zone of times without one, and the order of day and month.

    `date_format` is `day-first`, `month-first` or a format of strptime; None where nothing says so.
    """

    unit: str = "s"
    zone: tzinfo | None = None
    date_format: str | None = None

    def seconds(self, values: pa.ChunkedArray) -> pa.ChunkedArray:
        """Read a column as seconds since 1970; what is no time becomes NaN."""
        if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
            found = numbers(values)
            moments = pa.types.is_timestamp(values.type) or pa.types.is_date(values.type)
            return found if moments else self._scaled(found)
        try:
            return self._scaled(values.cast(pa.float64()))
        except pa.ArrowException:
            cells = values.to_pylist()
        known: dict[str, float] = {}
        found = []
        for cell in cells:
            if cell is not None and cell not in known:
                known[cell] = self.moment(cell)
            found.append(None if cell is None else known[cell])
            if len(known) > _MANY:
                known.clear()
        return pa.chunked_array([pa.array(found, pa.float64())])

    def moment(self, text: str) -> float:
        """Read one cell as seconds since 1970; NaN where it is no time."""
        try:
            return float(text) / UNITS[self.unit]
        except ValueError:
            pass
        read = self._read(text.strip())
        if read is None:
            return np.nan
        if read.tzinfo is None:
            if self.zone is None:
                return np.nan
            read = read.replace(tzinfo=self.zone)
        try:
            return (read - _START) / _SECOND
        except OverflowError:
            return np.nan

    def _scaled(self, found: pa.ChunkedArray) -> pa.ChunkedArray:
        if self.unit == "s":
            return found
        return pc.divide(found, UNITS[self.unit])

    def _read(self, text: str) -> datetime | None:
        if self.date_format not in {None, DAY_FIRST, MONTH_FIRST}:
            try:
                return datetime.strptime(text, str(self.date_format))  # noqa: DTZ007 - the zone is added by the caller
            except ValueError:
                return None
        return plain_time(text, day_first=self.date_format != MONTH_FIRST)


def plain_time(text: str, *, day_first: bool) -> datetime | None:
    """Read a time in RFC 3339 or as people write dates; None where it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    try:
        if found := _SLASHED.match(text):
            return _of_parts(found, day_first=day_first or found[2] == ".")
        if found := _YEAR_FIRST.match(text):
            return datetime.fromisoformat(f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}{found[4]}")
    except ValueError:
        return None
    for form in WORDS:
        try:
            read = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added by the caller
        except ValueError:
            continue
        return read.replace(tzinfo=UTC) if form.endswith("UTC") else read
    return None


def _of_parts(found: re.Match[str], *, day_first: bool) -> datetime:
    day, month = (int(found[1]), int(found[3])) if day_first else (int(found[3]), int(found[1]))
    year = int(found[4])
    hour = int(found[5] or 0)
    if found[9]:
        if not 1 <= hour <= _TWELVE:
            raise ValueError(found[0])
        hour = hour % _TWELVE + (_TWELVE if found[9].lower() == "pm" else 0)
    if year < _CENTURY:
        year += 2000 if year < 70 else 1900  # noqa: PLR2004 - as strptime does
    return datetime(year, month, day, hour, int(found[6] or 0), int(found[7] or 0))  # noqa: DTZ001 - the caller adds it


def unit_of(sample: Iterable[object]) -> tuple[str, float] | None:
    """Tell the unit of numbers by their magnitude, and their median; None where there are none."""
    found = _numbers_of(sample)
    if not found:
        return None
    middle = float(np.median(found))
    return _unit(middle), middle


def several_units(sample: Iterable[object]) -> list[str]:
    """Name the units of numbers where there are several, each with an example; a few odd numbers are no unit."""
    found: dict[str, list[float]] = {}
    for number in _numbers_of(sample):
        if abs(number) >= EARLIEST:
            found.setdefault(_unit(number), []).append(number)
    least = _SHARE * sum(map(len, found.values()))
    told = [f"{numbers[0]:.15g} ({UNIT_NAMES[unit]})" for unit, numbers in found.items() if len(numbers) >= least]
    return told if len(told) > 1 else []


def _numbers_of(sample: Iterable[object]) -> list[float]:
    found = []
    for cell in sample:
        try:
            number = float(cell)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            continue
        if np.isfinite(number) and not isinstance(cell, bool):
            found.append(number)
    return found


def _unit(number: float) -> str:
    return next((unit for unit, largest in _LARGEST if abs(number) < largest), "ns")


def texts_of(sample: Iterable[object]) -> list[str]:
    """Return the cells that are text and no numbers."""
    found = []
    for cell in sample:
        if isinstance(cell, str) and cell.strip():
            try:
                float(cell)
            except ValueError:
                found.append(cell.strip())
    return found


def without_zone(texts: Sequence[str]) -> str | None:
    """Return the first time without a zone; None where there is none."""
    for text in texts:
        read = plain_time(text, day_first=True) or plain_time(text, day_first=False)
        if read is not None and read.tzinfo is None:
            return text
    return None


def order_of_day(texts: Sequence[str]) -> tuple[str | None, str | None]:
    """Tell whether the day or the month comes first, and the first cell that can be read both ways."""
    first_large = second_large = False
    both = None
    for text in texts:
        found = _SLASHED.match(text)
        if found is None or found[2] == ".":
            continue
        first_large |= int(found[1]) > _TWELVE
        second_large |= int(found[3]) > _TWELVE
        if both is None and int(found[1]) <= _TWELVE and int(found[3]) <= _TWELVE and found[1] != found[3]:
            both = text
    if first_large != second_large:
        return (DAY_FIRST if first_large else MONTH_FIRST), None
    return None, both


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its name or its offset.

    Raises
    ------
    DataSetError
        There is none of this name.
    """
    if name.upper() in {"UTC", "Z"}:
        return UTC
    if found := _ZONE.match(name):
        offset = timedelta(hours=int(found[1]), minutes=int(found[2]))
        return timezone(-offset if name.startswith("-") else offset)
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise DataSetError(f"{name!r} is not a time zone: use UTC, Europe/Berlin or +02:00") from error


_START = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_MANY = 1_000_000
