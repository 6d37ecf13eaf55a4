"""Requests that ask for much, and what became of each: the common form of the rows of `benchmarks.bounds`."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.load.server import Server


@dataclass(frozen=True)
class Outcome:
    """How a server answered: its statuses or what else happened, and seconds until the last answer."""

    answered: str
    seconds: float


@dataclass(frozen=True)
class Attack:
    """One row: what is sent, and the function that sends it and waits for the answers.

    `prepare` makes what is sent, or what the server has already, before anything is measured.
    """

    name: str
    run: Callable[[Server], Outcome]
    prepare: Callable[[Server], object] = lambda _: None
