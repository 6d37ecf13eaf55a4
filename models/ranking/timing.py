"""Phases of ranking, for those who time them."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

Phase = Literal["candidates", "network"]
Timed = Callable[[Phase], AbstractContextManager[object]]
"""Gives what is entered around a phase."""
_NOTHING = nullcontext()


def untimed(_phase: Phase) -> AbstractContextManager[object]:
    """Time nothing."""
    return _NOTHING
