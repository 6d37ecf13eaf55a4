"""Files that begin as none may are refused while they are received, before the rest of them is sent."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.types import Message

from app.api.upload_heads import UploadReader
from app.errors import InvalidFieldsError
from models.data.reading.rows import MAX_LINE

Refused = Callable[..., dict[str, Any]]
FORM = "multipart/form-data; boundary=between-parts"
COLUMNS = ",".join(f"c{number}" for number in range(1_001))
LONG = "x" * MAX_LINE
TOO_LONG = "its first line is longer than 1,048,576 bytes"
TOO_MANY = "has 1,001 columns, and at most 1,000 are taken"


def part(name: str, content: str, file: str | None = None) -> bytes:
    named = f'; filename="{file}"' if file else ""
    return f'--between-parts\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n{content}\r\n'.encode()


async def received(body: bytes, size: int) -> str:
    """Receive a body in chunks of a size, and return why it is refused; empty where it is not."""
    chunks = [body[start : start + size] for start in range(0, len(body), size)]
    coming: Iterator[Message] = iter(
        [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        + [{"type": "http.request", "body": b"", "more_body": False}]
    )

    async def receive() -> Message:
        return next(coming)

    read, whole, more = UploadReader(receive, FORM), bytearray(), True
    while more:
        try:
            message = await read()
        except InvalidFieldsError as error:
            return str(error)
        whole += message["body"]
        more = message["more_body"]
    assert whole == body
    return ""


@pytest.mark.parametrize("size", [1, 7, 65_536])
@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("a.csv", f"{COLUMNS}\n1,2\n", TOO_MANY),
        ("a.tsv", "\r\n\r\n" + COLUMNS.replace(",", "\t") + "\r", TOO_MANY),
        ("a.csv", COLUMNS, TOO_MANY),
        # One of several delimiters, within a quote, in JSON, or a file that is no text: it is looked at later.
        ("a.csv", COLUMNS.replace(",", ";", 1), ""),
        ("a.csv", f'"{COLUMNS}",b\n', ""),
        ("a.jsonl", f'{{"user_id": "{COLUMNS}"}}\n', ""),
        ("a.parquet", COLUMNS, ""),
        ("a.csv.gz", COLUMNS, ""),
        ("a.csv", COLUMNS.removesuffix(",c1000"), ""),
        ("a.csv", "", ""),
        ("a.csv", "user_id,item_id\n" + COLUMNS, ""),
    ],
)
async def test_columns_are_counted_in_the_first_line_alone(file: str, content: str, why: str, size: int) -> None:
    body = part("timestamps", "order") + part("items", "", "b.csv") + part("interactions", content, file)
    found = await received(body + b"--between-parts--\r\n", size)
    assert why in found
    assert bool(found) == bool(why)


@pytest.mark.parametrize(("file", "why"), [("a.csv", TOO_LONG), ("a.json", TOO_LONG), ("a.parquet", "")])
@pytest.mark.parametrize("before", ["", "\n\n"])
async def test_a_first_line_has_an_end(file: str, why: str, before: str) -> None:
    assert why in await received(part("items", before + 2 * LONG, file), 65_536)
    assert await received(part("items", before + LONG[:-2], file), 65_536) == ""


@pytest.mark.parametrize(
    ("content", "size", "why"),
    [
        ("\n" * 20_000_000, 65_536, ""),
        ("\r\n" * 10_000_000 + COLUMNS + "\n", 65_536, TOO_MANY),
        (LONG[:-1] + "\n", 100, ""),
        (LONG, 100, TOO_LONG),
    ],
    ids=["empty lines", "columns after empty lines", "a line in small pieces", "a long line in small pieces"],
)
async def test_a_byte_of_a_file_is_looked_at_once(content: str, size: int, why: str) -> None:
    body = part("items", content, "a.csv") + b"--between-parts--\r\n"
    began = time.process_time()
    assert (why in (found := await received(body, size)), bool(found)) == (True, bool(why))
    assert time.process_time() - began < 1


async def test_empty_lines_are_not_kept() -> None:
    chunks = iter([part("items", "", "a.csv").removesuffix(b"\r\n"), *[b"\n" * 65_536] * 20])

    async def receive() -> Message:
        return {"type": "http.request", "body": next(chunks), "more_body": True}

    read = UploadReader(receive, FORM)
    for _ in range(21):
        await read()
    assert len(read._kept) < 100


@pytest.mark.parametrize("body", [b"", b"no form", b"--between-parts\r\n" + b"x" * 20_000, part("a", "b")])
async def test_what_is_no_form_is_left_to_its_parser(body: bytes) -> None:
    assert await received(body, 1_000) == ""


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_rest_of_a_file_is_not_waited_for(client: httpx.AsyncClient, refused: Refused) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield part("interactions", "user_id,item_id", "a.csv").removesuffix(b"\r\n")
        while sent < 100:
            sent += 1
            yield b"x" * 100_000

    answer = await client.post("/imports", content=endless(), headers={"content-type": FORM})
    problem = refused(answer, 422, "invalid_request", "body")
    assert problem["errors"][0] == {
        "field": "body",
        "code": "unusable_files",
        "detail": f"interactions.csv: {TOO_LONG}",
    }
    assert sent < 15
