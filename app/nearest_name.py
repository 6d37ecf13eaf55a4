"""Misspelt names: which of those that exist is near."""

from collections.abc import Collection
from difflib import get_close_matches


def nearest_name(name: str, known: Collection[str]) -> str | None:
    """Return the name that is nearest to a given one; None where none is near."""
    plain = {one.lower(): one for one in known}
    found = get_close_matches(name.lower(), plain, n=1)
    return plain[found[0]] if found else None


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Ask for the nearest name, as the end of a message; empty where none is near."""
    near = nearest_name(name, known)
    return "" if near is None else f"; did you mean {near!r}?"
