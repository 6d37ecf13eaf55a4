"""Sizes, ages and spans of time, in words."""

_UNITS = ((365 * 86_400.0, "year"), (86_400.0, "day"), (3600.0, "hour"), (60.0, "minute"), (1.0, "second"))
_BYTES = ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"))


def age(seconds: float) -> str:
    """Say how long ago something was, such as `3 hours ago`."""
    return f"{span(seconds)} ago" if seconds >= 1 else "just now"


def span(seconds: float) -> str:
    """Say how long something takes or took, in the largest unit that fits."""
    for length, unit in _UNITS:
        if seconds >= length:
            number = round(seconds / length)
            return f"{number:,} {unit}{'' if number == 1 else 's'}"
    return "less than a second"


def size(number: int) -> str:
    """Write a number of bytes, such as `1.2 GB`."""
    for length, unit in _BYTES:
        if number >= length:
            return f"{number / length:,.1f} {unit}"
    return f"{number} bytes"
