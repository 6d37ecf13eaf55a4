"""The dump of Gorse, written anew from its protobuf messages."""

import struct
from pathlib import Path

import pytest

from models.data.errors import DataSetError
from models.data.file_chunks import open_paths
from tests.models.data.reading.test_columns import rows

NOON = 1_772_366_700


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    found = b""
    while number > 127:
        found, number = found + bytes([number & 127 | 128]), number >> 7
    return found + bytes([number])


def field(number: int, value: object) -> bytes:
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    held = value.encode() if isinstance(value, str) else value
    assert isinstance(held, bytes)
    return varint(number << 3 | 2) + varint(len(held)) + held


def message(*fields: tuple[int, object]) -> bytes:
    return b"".join(field(number, value) for number, value in fields)


def stream(flag: int, *messages: bytes) -> bytes:
    return struct.pack("<q", flag) + b"".join(struct.pack("<q", len(one)) + one for one in messages)


TIME = message((1, NOON), (2, 500_000_000))
NO_TIME = message((1, -62_135_596_800))
USERS = stream(-1, message((1, "u"), (2, '["y"]'), (3, "a user")), message((1, "v"), (2, "null")))
ITEMS = stream(
    -2,
    message((2, "a/b"), (3, 1), (4, "go"), (4, "sql"), (5, TIME), (6, '{"x": [1]}'), (7, "é")),
    message((2, "c"), (5, NO_TIME), (6, "null")),
)
OLDER = stream(-3, message((2, "star"), (3, "u"), (4, "a/b"), (5, TIME), (6, "fine")))
NEWER = stream(
    -3,
    message((2, "read"), (3, "u"), (4, "c"), (5, 4.5), (6, TIME), (7, "fine")),
    message((2, "read"), (3, "v"), (4, "c"), (6, TIME)),
)
END = struct.pack("<q", 0)
EXPECTED = [
    {"item_id": "a/b", "hidden": "true", "categories": '["go","sql"]', "attributes": '{"labels":"{\\"x\\":[1]}"}'},
    {"item_id": "c", "hidden": "false", "categories": "[]", "attributes": None},
    {"user_id": "u", "Labels": '["y"]'},
    {"user_id": "v", "Labels": None},
]
SEEN = {"event_type": "view", "item_id": "c", "timestamp": NOON + 0.5}


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [
        (OLDER, [{"user_id": "u", "item_id": "a/b", "event_type": "like", "value": None, "timestamp": NOON + 0.5}]),
        (NEWER, [{"user_id": "u", "value": 4.5} | SEEN, {"user_id": "v", "value": None} | SEEN]),
    ],
)
@pytest.mark.parametrize("folder", [False, True])
def test_a_dump_is_read_as_users_items_and_feedback(
    tmp_path: Path, feedback: bytes, expected: list[dict[str, object]], folder: bool
) -> None:
    (tmp_path / "backup").write_bytes(USERS + ITEMS + feedback + END)
    opened = open_paths([tmp_path if folder else tmp_path / "backup"])
    assert opened.questions == []
    assert rows(opened) == EXPECTED + expected
    assert {one.plan.format for one in opened.opened} == {"Gorse"}


def test_streams_that_are_empty_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "backup").write_bytes(stream(-1) + stream(-2) + OLDER + END)
    assert [one.source.place.name for one in open_paths([tmp_path / "backup"]).opened] == ["feedback.jsonl"]


@pytest.mark.parametrize("left", [10, 40, 200, -9, -30])
def test_a_dump_that_breaks_off_stores_nothing(tmp_path: Path, left: int) -> None:
    (tmp_path / "backup").write_bytes((USERS + ITEMS + NEWER + END)[:left])

    def read() -> None:
        for chunks in filter(None, (found := open_paths([tmp_path / "backup"])).__dict__.values()):
            list(chunks.settle()) if hasattr(chunks, "settle") else None
        assert found.opened

    with pytest.raises(DataSetError, match=r"backup.*: cannot be read: the dump breaks off"):
        read()
