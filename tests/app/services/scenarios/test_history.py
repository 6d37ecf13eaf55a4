"""The history of scenarios: what each change changed, and going back."""

import httpx
import pytest
from fastapi import FastAPI

from app.errors import NotFoundError
from app.schemas.scenario_definitions import ScenarioIn
from app.services.scenarios.definitions import Scenarios
from app.services.scenarios.history import changes_between


@pytest.fixture
def scenarios(client: httpx.AsyncClient, application: FastAPI) -> Scenarios:
    found: Scenarios = application.state.serving.resources.scenarios
    return found


async def test_each_change_says_what_it_changed_and_an_earlier_version_comes_back(scenarios: Scenarios) -> None:
    await scenarios.put("home", ScenarioIn(kind="popular", limit=5))
    await scenarios.put("home", ScenarioIn(kind="popular", limit=7))
    await scenarios.delete("home")
    restored = await scenarios.restore("home", 1)
    assert (restored.version, restored.kind, restored.limit) == (4, "popular", 5)
    assert scenarios.get("home").limit == 5
    newest, deletion, second, first = await scenarios.history("home")
    assert [entry.version for entry in (newest, deletion, second, first)] == [4, 3, 2, 1]
    assert [(change.field, change.before, change.after) for change in second.changes] == [("limit", 5, 7)]
    # The built-in definition is in force before the first version and after a deletion.
    assert {change.field: change.before for change in first.changes}["diversity"] == 0.2
    assert deletion.deleted
    assert {change.field: change.after for change in deletion.changes}["diversity"] == 0.2
    assert newest.changes == first.changes


async def test_there_is_no_way_back_to_a_deletion_or_to_what_there_never_was(scenarios: Scenarios) -> None:
    await scenarios.put("home", ScenarioIn(limit=5))
    await scenarios.delete("home")
    for version in (2, 9):
        with pytest.raises(NotFoundError, match=f"no version {version}"):
            await scenarios.restore("home", version)


def test_fields_that_differ_are_named_in_the_form_of_a_definition() -> None:
    before = ScenarioIn.model_validate({"filter": {"field": "price", "lte": 5}})
    after = ScenarioIn.model_validate({"filter": {"field": "price", "lte": 9}, "explain": True})
    found = {change.field: (change.before, change.after) for change in changes_between(before, after)}
    assert found == {
        "filter": ({"field": "price", "lte": 5}, {"field": "price", "lte": 9}),
        "explain": (None, True),
    }
