"""Types of arrays, named by what they hold."""

from typing import Any

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int8 = npt.NDArray[np.int8]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
UInt8 = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.bytes_]
"""Ids as UTF-8 bytes, ascending: the code of an id is its position."""
Places = npt.NDArray[np.integer]
"""Positions in another array."""
Array = npt.NDArray[Any]
