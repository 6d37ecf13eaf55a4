"""Cursors: a list and how much of it was delivered, as text from which any process can continue."""

import binascii
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import numpy as np

from app.errors import CursorError
from models.arrays.types import Float32, Int32, Int64

DIGEST_BYTES = 6
_HEAD = struct.Struct(f"<BB{DIGEST_BYTES}sBHH")
_FORMAT = 1
_CHECK_BYTES = 4
_SHORT = (1 << 16) - 1
_REFUSAL = "is not a cursor of this service, or is damaged"


@dataclass(frozen=True)
class Cursor:
    """The state of a list, in the codes of a bundle.

    `codes` (int32) are those of delivered items, then of the items that remain; -1 stands for an item that the bundle
    has no code for: `names` holds the ids of these, in their order. `scores` (float32) belong to the items that remain;
    they are kept with three digits. `digest` is a hash of the request, `Options.digest`.
    """

    version: str | None
    digest: bytes
    delivered: int
    codes: Int32
    scores: Float32
    names: tuple[str, ...] = ()

    def encode(self) -> str:
        """Encode it as text for a query string."""
        width = 2 if len(self.codes) == 0 or self.codes.max() < _SHORT else 4
        kind: type[np.unsignedinteger] = np.uint16 if width == 2 else np.uint32  # noqa: PLR2004
        version = (self.version or "").encode()
        head = _HEAD.pack(_FORMAT, width, self.digest, len(version), self.delivered, len(self.codes))
        # The upper half of a float32: its range and the order of the scores stay.
        scores = self.scores.astype("<f4", copy=False).view("<u2")[1::2]
        parts = (head, version, self.codes.astype(kind).tobytes(), scores.tobytes(), "\n".join(self.names).encode())
        content = b"".join(parts)
        check = binascii.crc32(content).to_bytes(_CHECK_BYTES, "little")
        return urlsafe_b64encode(content + check).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Read a cursor.

        Raises
        ------
        CursorError
            The text is not a cursor of this service, or is damaged.
        """
        try:
            data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        except (ValueError, UnicodeEncodeError) as error:
            raise CursorError(_REFUSAL) from error
        content, check = data[:-_CHECK_BYTES], data[-_CHECK_BYTES:]
        intact = len(content) >= _HEAD.size and binascii.crc32(content).to_bytes(_CHECK_BYTES, "little") == check
        # The last letter has unused bits: only one of the texts that decode to the same bytes is accepted.
        canonical = urlsafe_b64encode(data).rstrip(b"=").decode() == text
        if not (intact and canonical):
            raise CursorError(_REFUSAL)
        layout, width, digest, version_length, delivered, count = _HEAD.unpack_from(content)
        place = _HEAD.size + version_length
        after = place + width * count + 2 * (count - delivered)
        if layout != _FORMAT or width not in {2, 4} or delivered > count or after > len(content):
            raise CursorError(_REFUSAL)
        kind = np.uint16 if width == 2 else np.uint32  # noqa: PLR2004
        raw = np.frombuffer(content, kind, count, place)
        codes = raw.astype(np.int64)
        codes[raw == np.iinfo(kind).max] = -1
        halves = np.frombuffer(content, np.uint16, count - delivered, place + width * count).astype(np.uint32)
        scores = (halves << np.uint32(16)).view(np.float32)
        # The checksum guards against damage: who forges a cursor writes the right one.
        try:
            version, names = content[_HEAD.size : place].decode(), content[after:].decode()
        except UnicodeDecodeError as error:
            raise CursorError(_REFUSAL) from error
        named = tuple(names.split("\n")) if names else ()
        if not (np.isfinite(scores).all() and _lists_each_once(codes, named)):
            raise CursorError(_REFUSAL)
        return cls(version or None, digest, delivered, codes.astype(np.int32), scores, named)


def _lists_each_once(codes: Int64, names: tuple[str, ...]) -> bool:
    """Return whether no item is there twice, and each that has no code has a name."""
    coded = codes[codes >= 0]
    whole = len(names) == len(codes) - len(coded) and "" not in names
    few = len(coded) == 0 or coded.max() <= np.iinfo(np.int32).max
    return whole and bool(few) and len(np.unique(coded)) == len(coded) and len(set(names)) == len(names)
