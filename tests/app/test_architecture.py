"""What a process that serves holds, and what the pages describe."""

import ast
import subprocess
import sys
from pathlib import Path

from app.cli.main import Braid
from app.process.serving_state import LOOPS

LOADED = """
import sys
import app.main, app.cli.main
app.main.create_app()
print(*sorted(name for name in sys.modules if name.partition(".")[0] in {"tensorflow", "keras", "matplotlib"}))
print(len([name for name in sys.modules if name.startswith("app.")]))
"""


def test_a_process_that_serves_never_loads_tensorflow_nor_matplotlib(isolated: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60)
    heavy, count = done.stdout.splitlines()
    assert heavy == ""
    assert int(count) > 20


def test_every_command_stands_in_the_reference(repository: Path) -> None:
    page = (repository / "docs/reference/commands.md").read_text(encoding="utf-8")
    for name in Braid.lazy:
        assert f"## `braid {name}" in page


def test_every_background_loop_stands_in_the_docs(repository: Path) -> None:
    page = (repository / "docs/operations.md").read_text(encoding="utf-8")
    for name in LOOPS:
        assert f"| `{name}` |" in page


def test_the_service_asks_the_ranker_and_does_not_reach_through_it(repository: Path) -> None:
    reaching = [
        f"{path.relative_to(repository)}:{node.lineno}"
        for path in sorted((repository / "app").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "retriever"
    ]
    assert reaching == []
