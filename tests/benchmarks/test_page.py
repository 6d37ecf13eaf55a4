"""The page on the benchmark names what is measured, within which ranges, and every option."""

from pathlib import Path

from typer.main import get_command

from benchmarks.accuracy import cli
from benchmarks.baselines.registry import SYSTEMS


def test_every_system_and_its_search_space_stand_on_the_page(repository: Path) -> None:
    page = (repository / "docs/benchmarks.md").read_text(encoding="utf-8")
    rows = {line.split("`")[1]: line for line in page.splitlines() if line.startswith("| `")}
    for system in SYSTEMS:
        for name, values in system.space.items():
            assert f"`{name}` {values} (first {system.start[name]})" in rows[system.name]


def test_every_option_stands_on_the_page(repository: Path) -> None:
    page = (repository / "docs/benchmarks.md").read_text(encoding="utf-8")
    for parameter in get_command(cli).params:
        if parameter.opts[0] not in {"folders", "--help"}:
            assert f"`{parameter.opts[0]}" in page
