"""The reference is that of the code, and what has no description is named."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import draw_figures
import write_reference
from write_reference import UndescribedError, pages

from models.data import events


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return pages()


def test_the_pages_of_the_reference_are_current(repository: Path, written: dict[str, str]) -> None:
    """`make reference` writes them anew."""
    folder = repository / "docs/reference"
    assert {path.name for path in folder.glob("*.md")} == set(written)
    assert [name for name, text in written.items() if (folder / name).read_text(encoding="utf-8") != text] == []


def test_the_figures_are_current(repository: Path) -> None:
    for name, text in draw_figures.figures().items():
        assert (repository / "docs/figures" / name).read_text(encoding="utf-8") == text, name


def test_the_figure_of_the_parts_has_what_was_measured(repository: Path) -> None:
    table = (
        (repository / "docs/accuracy.md")
        .read_text(encoding="utf-8")
        .partition("## Amazon Beauty")[2]
        .partition("\n## ")[0]
    )
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ]
    measured = {row[0].partition(" alone")[0].partition(" (")[0]: row[2] for row in rows if len(row) == 5}
    for name, value in draw_figures._PARTS:
        assert measured[name] == f"{value:.4f}".lstrip("0"), name


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (
            "commands.md",
            ["## `braid import`", "`--dry-run`", "`--first-key`", "## `braid key create`", "## `braid export folder`"],
        ),
        (
            "event-types.md",
            ["| `purchase` | 1.0 | positive |", "| `dislike` | -1.0 | negative |", "| `shown` | 0.0 | none |"],
        ),
        (
            "errors.md",
            ["| `event_id_conflict` | 409 |", "| `internal_error` | 500 |", "| `no_bundle` | commands only |"],
        ),
        (
            "metrics.md",
            [
                "| `braid_http_requests_total` | counter | `method`, `route`, `status` |",
                "| `braid_bundle_active` | gauge | `bundle_version` |",
            ],
        ),
    ],
)
def test_each_page_has_what_the_code_has(written: dict[str, str], page: str, expected: list[str]) -> None:
    for part in expected:
        assert part in written[page]


def test_what_has_no_description_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(events.EVENT_MEANINGS, "view")
    monkeypatch.delitem(write_reference._BY_HAND, "internal_error")
    with pytest.raises(UndescribedError, match=r"(?s)event type view.*internal_error"):
        pages()


def test_each_event_type_has_a_meaning() -> None:
    assert events.EVENT_MEANINGS.keys() == events.EVENT_WEIGHTS.keys()
