"""The fenced blocks of the documentation."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block, and where it stands."""

    page: str
    line: int
    heading: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Name the pages of the documentation, from the root of the repository."""
    found = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("docs/**/*.md")]
    return sorted(str(path.relative_to(REPOSITORY)) for path in found)


def blocks_of(page: str) -> Iterator[Block]:
    """Find the blocks of a page."""
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        prose = _FENCE.sub(lambda block: "\n" * block[0].count("\n"), text[: found.start()])
        headings = _HEADING.findall(prose)
        yield Block(
            page,
            text.count("\n", 0, found.start()) + 2,
            headings[-1] if headings else "",
            found["language"],
            textwrap.dedent(found["text"]),
        )


def all_blocks(*languages: str) -> list[Block]:
    """List the blocks of these languages."""
    return [block for page in pages() for block in blocks_of(page) if block.language in languages]
