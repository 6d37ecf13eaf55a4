"""Progress of long work."""

from collections.abc import Callable

Progress = Callable[[str, float], None]
"""Called with a phase's name and the share of it that is done, 0 to 1."""


def silent(phase: str, done: float) -> None:
    """Report no progress."""
