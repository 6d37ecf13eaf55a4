"""Machine code that is shipped with an installation, as in the images, and only read.

numba takes a folder for its cache only where it can write to it. An image compiles the kernels when it is built, into a
folder that nobody writes to. Where that code fits the processor it is used; elsewhere numba compiles into
`NUMBA_CACHE_DIR` as usual. `NUMBA_CACHE_LOCATOR_CLASSES` names the class below.
"""

import sys
from pathlib import Path
from typing import Any

from numba.core import config
from numba.core.caching import UserProvidedCacheLocator
from numba.core.registry import cpu_target

SHIPPED = Path(sys.prefix) / "kernels"
"""Folder of the shipped machine code, beside the packages."""
_PROCESSOR = "processor"


def processor() -> str:
    """Return what numba compiles for: the system, the processor and its features."""
    return "\n".join(map(str, cpu_target.target_context.codegen().magic_tuple()))


def compile_into(folder: Path) -> None:
    """Let numba write what it compiles to a folder."""
    numba_config: Any = config
    numba_config.CACHE_DIR = str(folder)


def ship(folder: Path) -> None:
    """Mark a folder of machine code as made for this processor."""
    (folder / _PROCESSOR).write_text(processor(), encoding="utf-8")


def fits(folder: Path) -> bool:
    """Return whether a folder holds machine code for this processor."""
    try:
        return (folder / _PROCESSOR).read_text(encoding="utf-8") == processor()
    except FileNotFoundError:
        return False


class ShippedKernels(UserProvidedCacheLocator):
    """Finds a function's machine code in the shipped folder, else in `NUMBA_CACHE_DIR`."""

    @classmethod
    def from_function(cls, py_func: Any, py_file: str) -> Any:
        """Return the place of a function's machine code, or None where none can be written."""
        numba_own: Any = super()
        place: Any = cls(py_func, py_file)
        shipped = SHIPPED / numba_own.get_suitable_cache_subpath(py_file)
        if Path(place.get_cache_path()) == shipped or not (shipped.is_dir() and fits(SHIPPED)):
            return numba_own.from_function(py_func, py_file)
        place._cache_path = str(shipped)  # noqa: SLF001 - numba has no other way to set it
        return place
