"""How long the phases of a list take."""

import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from prometheus_client import Histogram

from app.tracing import traces

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
SECONDS = Histogram(
    "braid_list_phase_seconds",
    "Seconds of the phases of a list: read history and cursor, rank or arrange items, write the answer.",
    ["phase"],
    buckets=_SECONDS,
)
Given = ParamSpec("Given")
Result = TypeVar("Result")


def timed(phase: str) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """Time each call of a function as a phase; where there are traces, it is a span too."""
    observe = SECONDS.labels(phase).observe

    def around(function: Callable[Given, Result]) -> Callable[Given, Result]:
        @wraps(function)
        def call(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            span = traces.child(f"list {phase}")
            began = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                observe(time.perf_counter() - began)
                if span is not None:
                    span.end()

        return call

    return around
