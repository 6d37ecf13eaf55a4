"""The form of a scenario: from a definition to its fields and back."""

from typing import Any, get_args

import pytest
from starlette.datastructures import FormData, UploadFile

from app.console.filter_rows import Row, rows_of, tree_of
from app.console.scenario_choices import LABELS
from app.console.scenario_forms import KINDS, read_form, values_of
from app.schemas.scenario_definitions import Kind, ScenarioIn
from app.services.scenarios.defaults import DEFAULTS

FULL = {
    "description": "beside an item",
    "kind": "item",
    "fallback": ["user", "popular"],
    "limit": 7,
    "method": "content",
    "window": "7d",
    "filter": {
        "and": [
            {"field": "categories", "eq": "shoes"},
            {"field": "price", "lte": 50.5},
            {"field": "tags", "in": ["a", "b"]},
        ]
    },
    "boosts": [{"filter": {"field": "tags", "eq": "sale"}, "weight": 2.0}],
    "buries": [{"filter": {"field": "price", "gt": 500}}],
    "pins": [{"item_id": "sku-1", "position": 2}],
    "exclude": ["a", "b"],
    "exclude_seen": ["purchase", "cart"],
    "diversity": 0.3,
    "rotation": 0.25,
    "new_item_share": 0.1,
    "min_score": -1.5,
    "include": ["title", "price"],
    "explain": True,
    "language": "de",
    "deadline_ms": 20,
    "overrides": ["limit", "include"],
    "variants": [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5, "changes": {"limit": 3}}],
    "salt": "s",
}


def sent(values: dict[str, Any], **changes: Any) -> FormData:
    """Return what a browser sends for the fields of a form."""
    pairs: list[tuple[str, str | UploadFile]] = []
    for name, value in (values | changes).items():
        if name == "filter_rows":
            for row in [*value, Row("", "eq", "")]:
                pairs += list(zip(("filter_field", "filter_operator", "filter_value"), row, strict=True))
        elif isinstance(value, list):
            pairs += [(name, str(one)) for one in value]
        elif isinstance(value, bool):
            pairs += [(name, "yes")] if value else []
        else:
            pairs.append((name, value))
    return FormData(pairs)


@pytest.mark.parametrize("definition", [ScenarioIn(), ScenarioIn.model_validate(FULL), *DEFAULTS.values()])
def test_a_form_that_is_sent_unchanged_changes_nothing(definition: ScenarioIn) -> None:
    found, _, wrong = read_form(sent(values_of(definition)))
    assert wrong == {}
    assert found is not None
    assert found.model_dump() == definition.model_dump()


def test_every_field_and_kind_has_words() -> None:
    assert LABELS.keys() >= ScenarioIn.model_fields.keys()
    assert KINDS.keys() == set(get_args(Kind))


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"limit": "many"}, "limit", "'many' is not a whole number"),
        ({"limit": "500"}, "limit", "less than or equal to 100"),
        ({"diversity": "x"}, "diversity", "is not a number"),
        ({"boosts": '[{"filter": }]'}, "boosts", "is not JSON in line 1, column 13"),
        ({"boosts": '[{"weight": 1}]'}, "boosts", "no. 1, filter: is missing"),
        ({"filter": '{"field": "colour", "eq": 1}'}, "filter", "colour"),
        ({"filter_rows": [Row("price", "gte", "cheap")]}, "filter", "number"),
        ({"pins": "sku-1"}, "pins", "line 1: write a position and an item id"),
        ({"pins": "99 sku-1"}, "pins", "beyond the list's 10 items"),
        ({"fallback": ["popular", "popular"]}, "fallback", "named twice"),
        ({"window": "7d"}, "window", "belongs to the kinds popular and trending"),
        ({"variants": '[{"name": "a", "share": 1}]'}, "variants", "two or more"),
        ({"variants": '[{"name": "a", "share": 0.5}, {"name": "b", "share": 0.4}]'}, "variants", "not to 1"),
        ({"exclude_seen": "a b"}, "exclude_seen", ""),
        ({"include": ["titel"]}, "include", "there is no field"),
        ({"kind": "usr"}, "kind", "did you mean 'user'?"),
        ({"filter": "[" * 10_000}, "filter", ""),
    ],
)
def test_what_is_wrong_is_said_of_its_field_with_the_place(changes: dict[str, Any], field: str, said: str) -> None:
    found, _, wrong = read_form(sent(values_of(ScenarioIn()), **changes))
    assert found is None
    assert list(wrong) == [field]
    assert said in wrong[field]


@pytest.mark.parametrize(
    ("tree", "rows"),
    [
        (None, []),
        ({"field": "categories", "eq": "shoes"}, [("categories", "eq", "shoes")]),
        ({"field": "attributes.size", "eq": "42"}, [("attributes.size", "eq", '"42"')]),
        ({"field": "attributes.new", "eq": True}, [("attributes.new", "eq", "true")]),
        ({"field": "tags", "in": ["a", "b"]}, [("tags", "in", "a, b")]),
        ({"field": "price", "exists": False}, [("price", "exists", "false")]),
        ({"field": "price", "gte": 1, "lte": 2}, None),
        ({"not": {"field": "price", "gte": 1}}, None),
        ({"field": "price", "lte": {"user": "attributes.budget"}}, None),
        ({"field": "tags", "in": ["a,b"]}, None),
    ],
)
def test_filters_are_rows_where_rows_say_the_same(tree: Any, rows: list[tuple[str, str, str]] | None) -> None:
    found = rows_of(tree)
    assert found == rows
    if found is not None:
        assert tree_of(found) == tree


def test_rows_and_json_hold_together() -> None:
    more = {"not": {"field": "tags", "eq": "sale"}}
    row = Row("price", "lte", "50")
    assert tree_of([row], more) == {"and": [{"field": "price", "lte": 50}, more]}
    assert tree_of([], more) == more
