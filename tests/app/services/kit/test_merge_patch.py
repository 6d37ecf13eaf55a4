"""Patches between two documents."""

from typing import Any

import pytest

from app.services.kit.merge_patch import merged, patch_between


@pytest.mark.parametrize(
    ("before", "after", "patch"),
    [
        ({}, {}, {}),
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1, "b": 2}, {"b": 3, "c": 4}, {"a": None, "b": 3, "c": 4}),
        ({"a": {"x": 1, "y": 2}, "b": [1]}, {"a": {"x": 1}, "b": [1, 2]}, {"a": {"y": None}, "b": [1, 2]}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": {"x": 1}}, {"a": "text"}, {"a": "text"}),
        ({"a": "text"}, {"a": {"x": 1}}, {"a": {"x": 1}}),
    ],
)
def test_a_patch_makes_one_document_of_another(
    before: dict[str, Any], after: dict[str, Any], patch: dict[str, Any]
) -> None:
    found = patch_between(before, after)
    assert found == patch
    made = merged(before, found)
    assert made == after
    assert [type(value) for value in made.values()] == [type(after[name]) for name in made]
