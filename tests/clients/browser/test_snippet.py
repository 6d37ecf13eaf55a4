"""The browser snippet: small, current, and with the calls that are open to publishable keys."""

import gzip
import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from app.api.access_rules import rule_of

MOST_BYTES = 3_000


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    return repository / "clients/browser"


def test_it_has_at_most_3000_bytes_with_gzip(folder: Path) -> None:
    size = len(gzip.compress((folder / "braid.min.js").read_bytes(), 9))
    assert size <= MOST_BYTES
    print(f"\nbraid.min.js: {size:,} bytes with gzip")  # noqa: T201 - what is promised


def test_it_is_made_of_the_source(folder: Path) -> None:
    digest = hashlib.sha256((folder / "braid.js").read_bytes()).hexdigest()
    first = (folder / "braid.min.js").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"/*! Braid, braid.js {digest} */", "`make clients` writes it anew"


def test_minifying_it_again_changes_nothing(folder: Path, node_modules: Path) -> None:
    done = subprocess.run(["node", folder / "build.mjs", "--print"], capture_output=True, text=True, check=True)
    assert done.stdout == (folder / "braid.min.js").read_text(encoding="utf-8")


def test_its_calls_are_the_operations_that_are_open_to_pages(folder: Path, repository: Path) -> None:
    document = json.loads((repository / "docs/openapi.json").read_text(encoding="utf-8"))
    wanted = {
        one["operationId"]: f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, one in methods.items()
        if rule_of(method.upper(), path).in_pages
    }
    source = (folder / "braid.js").read_text(encoding="utf-8")
    table = re.search(r"const OPERATIONS = \{(.*?)\};", source, re.DOTALL)
    assert table is not None
    assert dict(re.findall(r'(\w+): "([^"]+)"', table[1])) == wanted


def test_nothing_in_it_needs_a_loose_content_policy(folder: Path) -> None:
    for name in ("braid.js", "braid.min.js"):
        text = (folder / name).read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function|\.style\b|innerHTML|setAttribute\(\"style|document\.write", text)
