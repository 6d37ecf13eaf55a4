"""The committed description of the HTTP interface is that of the code, and breaks no client of the release before."""

import json
from pathlib import Path

from openapi_changes import breaking_changes
from write_openapi import current

BASELINE = Path(__file__).parent / "release" / "openapi.json"


def test_the_committed_document_is_that_of_the_code(repository: Path, isolated: Path) -> None:
    committed = (repository / "docs/openapi.json").read_text(encoding="utf-8")
    # Not compared by assert: the difference of two long texts takes minutes to show.
    is_the_same = committed == current()
    assert is_the_same, "docs/openapi.json is not that of the code: run `make openapi` and commit it"


def test_clients_of_the_release_before_are_not_broken(isolated: Path) -> None:
    before = json.loads(BASELINE.read_bytes())
    assert breaking_changes(before, json.loads(current())) == []
