"""How long the phases of a list take."""

import time
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Literal, ParamSpec, Self, TypeVar

from prometheus_client import Histogram

from app.tracing import traces

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
SECONDS = Histogram(
    "braid_list_phase_seconds",
    "Seconds of the phases of a list: read history and cursor, rank (candidates, network) or arrange items, write.",
    ["phase"],
    buckets=_SECONDS,
)
Name = Literal["read", "rank", "candidates", "network", "arrange", "write"]
Given = ParamSpec("Given")
Result = TypeVar("Result")


class Phase:
    """Times what is done within it; where there are traces, it is a span too."""

    __slots__ = ("_began", "_name", "_span")

    def __init__(self, name: Name) -> None:
        self._name = name

    def __enter__(self) -> Self:
        self._span = traces.child(f"list {self._name}") if traces.on else None
        self._began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        _observer(self._name)(time.perf_counter() - self._began)
        if self._span is not None:
            self._span.end()


def timed(phase: Name) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """Time each call of a function as a phase."""

    def around(function: Callable[Given, Result]) -> Callable[Given, Result]:
        @wraps(function)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            with Phase(phase):
                return function(*args, **kwargs)

        return call

    return around


@lru_cache
def _observer(phase: Name) -> Callable[[float], None]:
    # Looked up once: this is on the path of every request.
    return SECONDS.labels(phase).observe
