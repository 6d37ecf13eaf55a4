"""Gorse's dump: users, items and feedback as protobuf messages in one file, read as JSON lines of the same names.

A stream begins with a negative number of 8 bytes, each message with its length; a length of 0 ends the dump.
"""

import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import orjson

MEMBERS = {"users.jsonl": -1, "items.jsonl": -2, "feedback.jsonl": -3}
"""The streams of a dump, by the names of the files that they are read as."""
_NUMBER, _REAL = struct.Struct("<q"), struct.Struct("<d")
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_START = datetime(1970, 1, 1, tzinfo=UTC)
_MOST = 1 << 28
Fields = dict[int, list[Any]]


def is_dump(path: Path) -> bool:
    """Return whether a file begins as a dump does, which no text can."""
    with path.open("rb") as stream:
        first = stream.read(_NUMBER.size)
    return len(first) == _NUMBER.size and _NUMBER.unpack(first)[0] in MEMBERS.values()


def members(path: Path) -> list[str]:
    """Name the streams of a dump that hold something."""
    found = []
    with path.open("rb") as stream:
        flag = _number(stream)
        while flag != 0:
            name = next((name for name, known in MEMBERS.items() if known == flag), None)
            if name is None:
                raise OSError(f"the dump has a stream {flag} that is not known")
            size = _number(stream)
            if size > 0:
                found.append(name)
            if flag == MEMBERS["feedback.jsonl"]:
                break
            while size > 0:
                stream.seek(size, 1)
                size = _number(stream)
            flag = size
    return found


class DumpStream:
    """One stream of a dump as bytes of JSON lines."""

    def __init__(self, disk: IO[bytes], member: str) -> None:
        self._lines = _lines(disk, member)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes, or all."""
        parts, length = [self._rest], len(self._rest)
        while size < 0 or length < size:
            line = next(self._lines, None)
            if line is None:
                break
            parts.append(line)
            length += len(line)
        whole = b"".join(parts)
        size = len(whole) if size < 0 else size
        self._rest = whole[size:]
        return whole[:size]


def _lines(disk: IO[bytes], member: str) -> Iterator[bytes]:
    wanted, flag = MEMBERS[member], _number(disk)
    make = {"users.jsonl": _user, "items.jsonl": _item, "feedback.jsonl": _feedback}[member]
    while flag != 0:
        is_wanted, size = flag == wanted, _number(disk)
        while size > 0:
            if is_wanted:
                yield orjson.dumps(make(_fields(_exactly(disk, size)))) + b"\n"
            else:
                disk.seek(size, 1)
            size = _number(disk)
        if is_wanted:
            return
        flag = size


def _number(stream: IO[bytes]) -> int:
    found: int = _NUMBER.unpack(_exactly(stream, _NUMBER.size))[0]
    return found


def _exactly(stream: IO[bytes], size: int) -> bytes:
    found = stream.read(size) if size <= _MOST else b""
    if len(found) != size:
        raise OSError("the dump breaks off")
    return found


def _fields(message: bytes) -> Fields:
    """Split a message into its fields, by their numbers."""
    found: Fields = {}
    place = 0
    value: Any = None
    try:
        while place < len(message):
            key, place = _varint(message, place)
            kind = key & 7
            if kind == _VARINT:
                value, place = _varint(message, place)
            elif kind == _BYTES:
                size, place = _varint(message, place)
                value, place = message[place : place + size], place + size
            else:
                size = {_FIXED_64: 8, _FIXED_32: 4}[kind]
                held, place = message[place : place + size], place + size
                value = _REAL.unpack(held)[0] if kind == _FIXED_64 else None
            found.setdefault(key >> 3, []).append(value)
    except (IndexError, KeyError, struct.error) as error:
        raise OSError("the dump holds a message that cannot be read") from error
    return found


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 - the highest bit says that more follow
            return value - (1 << 64) if value >> 63 else value, place


def _user(fields: Fields) -> dict[str, Any]:
    return {"UserId": _text(fields, 1), "Labels": _labels(fields, 2), "Comment": _text(fields, 3)}


def _item(fields: Fields) -> dict[str, Any]:
    return {
        "ItemId": _text(fields, 2),
        "IsHidden": bool(fields.get(3, [0])[-1]),
        "Categories": [_decoded(one) for one in fields.get(4, [])],
        "Timestamp": _moment(fields, 5),
        "Labels": _labels(fields, 6),
        "Comment": _text(fields, 7),
    }


def _feedback(fields: Fields) -> dict[str, Any]:
    # Newer releases have a value in field 5, older ones the time; a time is always there.
    moment = 5 if isinstance(fields.get(5, [None])[-1], bytes) else 6
    value = next((held[-1] for held in fields.values() if isinstance(held[-1], float)), None)
    return {
        "FeedbackType": _text(fields, 2),
        "UserId": _text(fields, 3),
        "ItemId": _text(fields, 4),
        "Value": value,
        "Timestamp": _moment(fields, moment),
    }


def _text(fields: Fields, number: int) -> str:
    return _decoded(fields.get(number, [b""])[-1])


def _decoded(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else ""


def _labels(fields: Fields, number: int) -> object:
    try:
        return orjson.loads(fields.get(number, [b"null"])[-1])
    except orjson.JSONDecodeError:
        return _text(fields, number)


def _moment(fields: Fields, number: int) -> str | None:
    """Return a time in RFC 3339; None for the year 1, which means that there is none."""
    held = fields.get(number, [b""])[-1]
    if not isinstance(held, bytes):
        return None
    parts = _fields(held)
    try:
        found = _START + timedelta(seconds=parts.get(1, [0])[-1], microseconds=parts.get(2, [0])[-1] // 1000)
    except OverflowError:
        return None
    return None if found.year <= 1 else found.isoformat()
