"""How kernels are compiled: inner loops that numba turns into machine code, for the types that they declare.

A kernel is compiled for its declared types alone, at its first call or by `load_kernels`; other types are a TypeError,
so no request waits for the compiler. An array that a kernel only reads is declared read-only. Writable arrays are
accepted there at no cost, so arrays in memory and arrays mapped from a bundle run through the same machine code.
"""

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, Literal, ParamSpec, TypeVar

from numba import njit, types
from numba.extending import overload

P = ParamSpec("P")
R = TypeVar("R")


def array_of(dtype: Any, ndim: int = 1, layout: Literal["C", "A"] = "C") -> Any:
    """Declare an array that a kernel reads; `layout` is "C" for contiguous rows, "A" for any strides."""
    return types.Array(dtype, ndim, layout, readonly=True)


def writable(array: Any) -> Any:
    """Declare an array of the same type that a kernel writes to."""
    return array.copy(readonly=False)


INT = types.int64
FLOAT = types.float64
BOOLS = array_of(types.boolean)
BYTES = array_of(types.uint8)
INT32S = array_of(types.int32)
INT64S = array_of(types.int64)
FLOAT32S = array_of(types.float32)
FLOAT64S = array_of(types.float64)
FLOAT32_ROWS = array_of(types.float32, 2)
FLOAT64_ROWS = array_of(types.float64, 2)


_COMPILING = threading.Lock()
"""Threads that call the same kernel first compile it once."""


class Kernel(Generic[P, R]):
    """A function with one compiled version; other kernels may call it, and have it compiled into them."""

    def __init__(self, function: Callable[P, R], arguments: tuple[Any, ...], options: Any) -> None:
        self.function = function
        self.arguments = arguments
        self._options = options
        self.__doc__ = function.__doc__

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the compiled version."""
        return self.compiled(*args, **kwargs)

    @cached_property
    def compiled(self) -> Callable[P, R]:
        """The machine code, from the on-disk cache or compiled; numba's set-up takes most of the first one's time."""
        with _COMPILING:
            if "compiled" not in self.__dict__:
                self.__dict__["compiled"] = njit(self.arguments, cache=True, nogil=True, **self._options)(self.function)
            compiled: Callable[P, R] = self.__dict__["compiled"]
        return compiled


KERNELS: list[Kernel[..., Any]] = []
"""The kernels of all modules that are imported."""


def kernel(*arguments: Any, **options: Any) -> Callable[[Callable[P, R]], Kernel[P, R]]:
    """Make a function a kernel.

    Parameters
    ----------
    arguments
        The types above, one for each argument; Python's int is `INT`, its float `FLOAT`.
    options
        Further options of `numba.njit`.
    """

    def declare(function: Callable[P, R]) -> Kernel[P, R]:
        declared = Kernel(function, arguments, options)
        _let_kernels_call(declared, function, options)
        KERNELS.append(declared)
        return declared

    return declare


def helper(**options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let kernels call a function: it is compiled into each of them, and has no machine code of its own."""

    def declare(function: Callable[P, R]) -> Callable[P, R]:
        _let_kernels_call(function, function, options)
        return function

    return declare


def _let_kernels_call(called: Any, function: Any, options: Any) -> None:
    overload(called, jit_options=options, strict=False)(lambda *_: function)


def load_kernels() -> None:
    """Load all kernels of the modules that are imported, so that no request has to wait for it."""
    for declared in KERNELS:
        _ = declared.compiled
