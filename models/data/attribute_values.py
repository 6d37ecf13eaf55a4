"""Values of declared attributes: whether one fits its declaration, and what it means to a model."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from models.arrays.types import Float32
from models.data.catalogue import NUMBER_TYPES, moment_of, number_of
from models.data.schema import Attribute, Attributes

MAX_LABELS = 1000
"""Categories of one item in one attribute."""
MAX_LABEL, MAX_TEXT = 256, 20_000
"""Characters of the longest category, and of the longest text."""
_LATITUDE, _LONGITUDE = 90.0, 180.0
_LARGEST = float(np.finfo(np.float32).max)


class Read(NamedTuple):
    """The declared attributes of one item or user, as the models take them.

    `labels` are categories, `texts` are texts of words, `numbers` are numbers, times in seconds since 1970, and the
    `lat` and `lon` of places (`shop.lat`), `vectors` are float32. `unfit` names the attributes whose value does not
    fit.
    """

    labels: dict[str, list[str | bool]]
    texts: dict[str, str]
    numbers: dict[str, float]
    vectors: dict[str, Float32]
    unfit: list[str]


def why_unfit(attribute: Attribute, value: object) -> str | None:
    """Say why a value does not fit its declaration; None where it does, or is null."""
    if value is None:
        return None
    if attribute.length is not None:
        # Stored vectors were checked number by number when they were put.
        stored = isinstance(value, np.ndarray) and len(value) == attribute.length and bool(np.isfinite(value).all())
        return None if stored else _why_no_vector(value, attribute.length)
    return _REASONS[attribute.type](value)


def unfit_values(declared: Attributes, values: Mapping[str, Any]) -> dict[str, str]:
    """Return the declared attributes whose value does not fit, and why."""
    found = {name: why_unfit(declared[name], value) for name, value in values.items() if name in declared}
    return {name: reason for name, reason in found.items() if reason is not None}


def read_values(declared: Attributes, values: Mapping[str, Any]) -> Read:
    """Read the declared attributes; a value that does not fit is left out."""
    read = Read({}, {}, {}, {}, [])
    for name, attribute in declared.items():
        value = values.get(name)
        if value is None:
            continue
        if why_unfit(attribute, value) is not None:
            read.unfit.append(name)
        elif attribute.type == "vector":
            read.vectors[name] = np.asarray(value, dtype=np.float32)
        elif attribute.type == "text":
            read.texts[name] = value
        elif attribute.type == "category":
            read.labels[name] = [_label(one) for one in (value if isinstance(value, list) else [value])]
        elif attribute.type == "place":
            read.numbers.update((f"{name}.{axis}", float(value[axis])) for axis in ("lat", "lon"))
        else:
            number = _number(value) if attribute.type == "number" else moment_of(value)
            read.numbers[name] = 0.0 if number is None else number
    return read


def _why_no_vector(value: object, length: int) -> str | None:
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if not isinstance(value, list):
        return f"must be a list of {length:,} numbers"
    if len(value) != length:
        return f"must have {length:,} numbers, not {len(value):,}"
    if set(map(type, value)) <= NUMBER_TYPES:
        try:
            # A comparison with NaN is false.
            if (np.abs(np.array(value, dtype=np.float64)) <= _LARGEST).all():
                return None
        except OverflowError:
            pass
    for place, number in enumerate(value):
        if type(number) not in NUMBER_TYPES:
            return f"must hold numbers alone: {type(number).__name__} at place {place}"
        if not abs(number) <= _LARGEST:
            shown = number if isinstance(number, float) else "a large number"
            return f"must hold finite numbers of 32 bits: {shown} at place {place}"
    return None


def _why_no_number(value: object) -> str | None:
    return None if _number(value) is not None else "must be a finite number"


def _why_no_time(value: object) -> str | None:
    fits = not isinstance(value, bool) and moment_of(value) is not None
    return None if fits else "must be a time: RFC 3339, or seconds since 1970"


def _why_no_text(value: object) -> str | None:
    fits = isinstance(value, str) and len(value) <= MAX_TEXT
    return None if fits else f"must be text of at most {MAX_TEXT:,} characters"


def _why_no_place(value: object) -> str | None:
    if not isinstance(value, Mapping) or set(value) != {"lat", "lon"}:
        return 'must be a place: {"lat": 52.5, "lon": 13.4}'
    for axis, most in (("lat", _LATITUDE), ("lon", _LONGITUDE)):
        number = _number(value[axis])
        if number is None or abs(number) > most:
            return f"{axis} must be a number from {-most:g} to {most:g}"
    return None


def _why_no_category(value: object) -> str | None:
    labels = value if isinstance(value, list) else [value]
    if len(labels) > MAX_LABELS:
        return f"must have at most {MAX_LABELS:,} categories, not {len(labels):,}"
    for one in labels:
        if not isinstance(one, str | bool) and _number(one) is None:
            return "must be a category: text, a boolean or a number, or a list of these"
        if len(str(one)) > MAX_LABEL:
            return f"must be a category of at most {MAX_LABEL} characters"
    return None


def _number(value: object) -> float | None:
    return None if isinstance(value, str) else number_of(value)


def _label(value: object) -> str | bool:
    """Return a category as text or as a boolean: 3 and 3.0 are one text."""
    if isinstance(value, bool):
        return value
    return f"{value:.15g}" if isinstance(value, int | float) else str(value)


_REASONS: Mapping[str, Callable[[object], str | None]] = {
    "text": _why_no_text,
    "number": _why_no_number,
    "time": _why_no_time,
    "category": _why_no_category,
    "place": _why_no_place,
}
