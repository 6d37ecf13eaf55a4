"""The options of the tests that try to break the service stand on their page."""

from pathlib import Path

import pytest
from typer import Typer
from typer.main import get_command

from benchmarks.fuzz import cli as fuzz
from benchmarks.soak import cli as soak


@pytest.mark.parametrize(("cli", "part"), [(fuzz, "## Fuzzing"), (soak, "## Soak")])
def test_every_option_stands_on_the_page(repository: Path, cli: Typer, part: str) -> None:
    page = (repository / "docs/reliability.md").read_text(encoding="utf-8").partition(part)[2].partition("\n## ")[0]
    for parameter in get_command(cli).params:
        if parameter.opts[0] != "--help":
            assert f"`{parameter.opts[0]}`" in page
