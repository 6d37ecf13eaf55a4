"""The commands are listed without their modules, and each is what the list says."""

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from app.cli.main import Braid, cli

HEAVY = ("numpy", "pyarrow", "scipy", "sqlalchemy", "pydantic", "fastapi", "numba")
LISTED = f"""
import sys
sys.argv = ["braid", "--help"]
from app.cli.main import main
try:
    main()
except SystemExit:
    pass
print("loaded:", *[name for name in {HEAVY} if name in sys.modules])
"""
IMPORT = """
import sys
import app.cli.importing
print("loaded:", *[name for name in ("scipy", "numba", "onnxruntime", "fastapi", "uvicorn") if name in sys.modules])
"""


def group() -> TyperGroup:
    found = typer.main.get_command(cli)
    assert isinstance(found, TyperGroup)
    return found


@pytest.mark.parametrize("script", [LISTED, IMPORT], ids=["help", "import"])
def test_what_a_command_does_not_need_is_not_read(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1].strip() == "loaded:"


@pytest.mark.parametrize("name", list(Braid.lazy))
def test_each_command_begins_with_what_the_list_says(name: str) -> None:
    whole = group()
    command = whole.get_command(typer.Context(whole), name)
    assert command is not None
    first = (command.help or "").partition("\n\n")[0].replace("\n", " ")
    assert first.startswith(Braid.lazy[name].help.removesuffix("."))


def test_names_are_completed(isolated: Path) -> None:
    whole = group()
    with whole.make_context("braid", [], resilient_parsing=True) as context:
        found = whole.shell_complete(context, "e")
    assert [one.value for one in found] == ["evaluate", "export", "embed", "erase-proof"]
