"""Vocabularies: sorted terms as two arrays that can be stored, memory-mapped and searched."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.arrays import kernels
from models.arrays.types import Int32, Int64, UInt8
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle


@dataclass(frozen=True)
class Vocabulary:
    """Terms in ascending order, one after the other; a term's code is its position.

    Term t is the UTF-8 bytes `text[offsets[t]:offsets[t + 1]]`.
    """

    text: UInt8
    offsets: Int64

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, code: int) -> str:
        if not 0 <= code < len(self):
            raise IndexError(code)
        return self.text[self.offsets[code] : self.offsets[code + 1]].tobytes().decode()

    @classmethod
    def of(cls, terms: Iterable[str]) -> "Vocabulary":
        """Sort terms and remove duplicates."""
        return cls(*_joined(sorted({_encoded(term) for term in terms})))

    def find(self, terms: Sequence[str]) -> Int32:
        """Look up the codes of terms, int32; -1 for unknown ones."""
        return kernels.find_terms(self.text, self.offsets, *_joined([_encoded(term) for term in terms]))

    def beginning_with(self, prefix: str) -> tuple[int, int]:
        """Return the first code of the terms with a prefix, and the code behind the last one."""
        wanted = _encoded(prefix)
        codes = range(len(self))
        first = bisect_left(codes, wanted, key=lambda code: self._bytes(code, len(wanted)))
        return first, bisect_right(codes, wanted, lo=first, key=lambda code: self._bytes(code, len(wanted)))

    def containing(self, text: str, first: int, stop: int, after: int) -> Int32:
        """Return which terms of a range of codes have a text within them, int32 ascending.

        Parameters
        ----------
        after
            Bytes at the beginning of each term that do not count.
        """
        wanted, start = _encoded(text), int(self.offsets[first])
        searched = self.text[start : self.offsets[stop]].tobytes()
        found: list[int] = []
        place = searched.find(wanted)
        while place >= 0:
            code = int(np.searchsorted(self.offsets, start + place, side="right")) - 1
            begin, end = int(self.offsets[code]) - start + after, int(self.offsets[code + 1]) - start
            if place < begin:
                place = searched.find(wanted, begin)
            elif place + len(wanted) > end:
                place = searched.find(wanted, place + 1)
            else:
                found.append(code)
                place = searched.find(wanted, end)
        return np.array(found, dtype=np.int32)

    def _bytes(self, code: int, length: int) -> bytes:
        """Return the first bytes of a term."""
        start = self.offsets[code]
        return self.text[start : min(start + length, self.offsets[code + 1])].tobytes()

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the two arrays by name, for storing."""
        return {f"{name}_text": self.text, f"{name}_offsets": self.offsets}

    @classmethod
    def load(cls, bundle: Bundle, name: str) -> "Vocabulary":
        """Take the two arrays from a bundle.

        Raises
        ------
        BundleError
            They do not fit together.
        """
        text = bundle.array(f"{name}_text", np.uint8)
        offsets = bundle.array(f"{name}_offsets", np.int64)
        checked_offsets(bundle, f"{name}_offsets", offsets, len(text))
        return cls(text, offsets)  # type: ignore[arg-type]


def checked_offsets(bundle: Bundle, name: str, offsets: npt.NDArray[np.generic], length: int) -> None:
    """Raise an error unless offsets ascend from 0 to a length.

    Raises
    ------
    BundleError
        They do not.
    """
    fits = len(offsets) >= 1 and offsets[0] == 0 and offsets[-1] == length
    if not fits or np.diff(offsets).min(initial=0) < 0:
        raise BundleError(f"{bundle.folder / name}.npy does not fit the array that it divides")


def _encoded(term: str) -> bytes:
    # A lone surrogate has no UTF-8 form.
    return term.encode(errors="replace")


def _joined(terms: Sequence[bytes]) -> tuple[UInt8, Int64]:
    offsets = np.zeros(len(terms) + 1, dtype=np.int64)
    np.cumsum([len(term) for term in terms], out=offsets[1:])
    return np.frombuffer(b"".join(terms), dtype=np.uint8), offsets
