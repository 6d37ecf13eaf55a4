"""`/scenarios`: named places of a shop, and the lists that are shown there."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.api.dependencies import from_resources, from_state
from app.api.guard import TRIED
from app.api.lists import documented, respond
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.scenario_definitions import Name
from app.schemas.scenarios import (
    Asked,
    AskedQuery,
    PreviewIn,
    Scenario,
    ScenarioAnswer,
    ScenarioList,
    ScenarioPut,
    as_asked,
)
from app.services.scenarios.definitions import Scenarios
from app.services.scenarios.scenario_lists import ScenarioLists

router = APIRouter(
    prefix="/scenarios",
    tags=["scenarios"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
Stored = Annotated[Scenarios, from_resources(lambda resources: resources.scenarios)]
Lists = Annotated[ScenarioLists, from_state(serving_factory.scenario_lists)]
PathName = Annotated[Name, Path(description="1 to 32 of a-z, 0-9, _ and -", examples=["home"])]
_LIST = {**documented(ScenarioAnswer), **problems(HTTPStatus.NOT_FOUND)}


@router.get("", response_model_exclude_none=True)
async def list_scenarios(scenarios: Stored) -> ScenarioList:
    """List all scenarios that are in force: those of the file, those that were put, and the built-in ones."""
    return ScenarioList(items=scenarios.all())


@router.get("/{name}", response_model_exclude_none=True, responses=problems(HTTPStatus.NOT_FOUND))
async def get_scenario(name: PathName, scenarios: Stored) -> Scenario:
    """Get the scenario that is in force under a name."""
    return scenarios.get(name)


@router.get("/{name}/versions", response_model_exclude_none=True, responses=problems(HTTPStatus.NOT_FOUND))
async def list_scenario_versions(name: PathName, scenarios: Stored) -> ScenarioList:
    """List the versions that were put under a name, newest first."""
    return ScenarioList(items=await scenarios.versions(name))


@router.put(
    "/{name}",
    response_model_exclude_none=True,
    responses={
        201: {"model": Scenario, "description": "The scenario is new"},
        **problems(HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    },
)
async def put_scenario(
    name: PathName,
    scenario: ScenarioPut,
    scenarios: Stored,
    request: Request,
    response: Response,
    dry_run: Annotated[bool, Query(description="check the definition, and store nothing")] = False,
) -> Scenario:
    """Store a new version of a scenario, in force at once in all processes; 201 when the name is new.

    409 where BRAID_SCENARIOS names a file that defines it.
    """
    if dry_run:
        request.scope[TRIED].append(name)
        return scenarios.checked(name, scenario)
    stored, created = await scenarios.put(name, scenario)
    if created:
        response.status_code = HTTPStatus.CREATED
    return stored


@router.delete(
    "/{name}",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
async def delete_scenario(name: PathName, scenarios: Stored) -> None:
    """Delete a stored scenario; a built-in one of the same name is in force again."""
    await scenarios.delete(name)


@router.get("/{name}/recommend", response_class=Response, responses=_LIST)
async def recommend_in_scenario(
    name: PathName, query: Annotated[AskedQuery, Query()], scenarios: Stored, lists: Lists
) -> Response:
    """List the items of a scenario."""
    return respond(await lists.recommend(scenarios.get(name), as_asked(query)))


@router.post("/{name}/recommend", response_class=Response, responses=_LIST)
async def recommend_in_scenario_with_filters(name: PathName, body: Asked, scenarios: Stored, lists: Lists) -> Response:
    """List the items of a scenario, with filters; also with boosts of the request, and its context."""
    return respond(await lists.recommend(scenarios.get(name), body))


@router.post("/{name}/preview", response_class=Response, responses=_LIST)
async def preview_scenario(name: PathName, body: PreviewIn, scenarios: Stored, lists: Lists) -> Response:
    """List the items that a definition would give, without storing anything."""
    scenario = scenarios.get(name) if body.definition is None else scenarios.tried(name, body.definition)
    return respond(await lists.recommend(scenario, body, record=False))
