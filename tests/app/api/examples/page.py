"""The examples of docs/api.md: blocks that can be followed from top to bottom, and code within sentences."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

PAGE = Path(__file__).resolve().parents[4] / "docs" / "api.md"
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/\S*.*)")
_STATUS = re.compile(r"^(\d{3})(?: |$)", re.MULTILINE)
_EXAMPLE = re.compile(r"[{\[].*[}\]]|(GET|POST|PUT|PATCH|DELETE) /\S*\?.*|\??[a-z_]+=\w+", re.DOTALL)
"""JSON, a call with a query, or a parameter with its value; `GET /items/{item_id}` is a name of a call."""


@dataclass(frozen=True)
class Example:
    """A text of the page, and where it stands."""

    line: int
    kind: str
    """`inline`, or the language of a block."""
    text: str

    def __str__(self) -> str:
        return f"docs/api.md:{self.line}: {self.text.strip()[:150]}"


@dataclass(frozen=True)
class Call:
    """A call of a block, and what the page says is answered."""

    line: int
    method: str
    path: str
    body: str
    status: int
    answer: Any


def examples_of(page: str) -> Iterator[Example]:
    """Find every example."""
    for found in _FENCE.finditer(page):
        yield Example(page.count("\n", 0, found.start()) + 2, found[1], found[2])
    prose = _FENCE.sub(lambda found: "\n" * found[0].count("\n"), page)
    for found in _INLINE.finditer(prose):
        if _EXAMPLE.fullmatch(found[1]):
            yield Example(prose.count("\n", 0, found.start()) + 1, "inline", found[1])


def calls_of(example: Example) -> Iterator[Call]:
    """Read a block: the first line of a call, its body, its status and answer; an empty line between two calls."""
    line = example.line
    for part in example.text.split("\n\n"):
        first, _, rest = part.strip().partition("\n")
        call, status = _CALL.fullmatch(first), _STATUS.search(rest)
        assert call is not None, f"docs/api.md:{line}: no call: {first}"
        assert status is not None, f"docs/api.md:{line}: {first} has no answer"
        answer = rest[status.end() :].strip()
        yield Call(
            line, call[1], call[2], rest[: status.start()].strip(), int(status[1]), orjson.loads(answer or b"null")
        )
        line += part.count("\n") + 2


def rows_of(page: str, heading: str) -> list[list[str]]:
    """Return the cells of a table, found by the beginning of its head."""
    table = page.split(f"\n| {heading} |", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]
