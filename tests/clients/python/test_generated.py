"""What the Python client has of the description of the interface follows it."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
import write_python_client
from braid_client import OPERATIONS, AsyncBraid, Braid


@pytest.fixture(scope="module")
def document(repository: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((repository / "docs/openapi.json").read_text(encoding="utf-8"))
    return found


def test_writing_it_again_changes_nothing(document: dict[str, Any], repository: Path) -> None:
    package = repository / "clients/python/src/braid_client"
    for name, text in write_python_client.written(document).items():
        assert (package / name).read_text(encoding="utf-8") == text, f"`make clients` writes {name} anew"


def test_both_classes_have_every_operation_by_its_id_and_alike(document: dict[str, Any]) -> None:
    ids = {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
    assert ids == OPERATIONS.keys()
    for name in ids:
        one, other = getattr(Braid, name), getattr(AsyncBraid, name)
        assert inspect.signature(one) == inspect.signature(other)
        assert inspect.iscoroutinefunction(other)
        assert not inspect.iscoroutinefunction(one)


def test_only_these_calls_are_not_sent_twice() -> None:
    once = {name for name, operation in OPERATIONS.items() if not operation.repeatable}
    assert once == {"post_key", "post_rotated_key", "post_training_job", "post_import", "undo_merge"}


def test_a_name_that_is_parameter_and_field_is_refused(document: dict[str, Any]) -> None:
    changed = json.loads(json.dumps(document))
    changed["components"]["schemas"]["ItemIn"]["properties"]["item_id"] = {"type": "string"}
    with pytest.raises(SystemExit, match="put_item: item_id is both a parameter and a field"):
        write_python_client.calls(write_python_client.described(changed), wait=False)
