"""`/console/scenarios`: lists and edits scenarios, with a live preview."""

from http import HTTPStatus
from typing import Any

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import TypeAdapter, ValidationError

from app.api.dependencies import State
from app.api.guard import TRIED
from app.console.own_forms import require_own_form
from app.console.page_routes import pages_router
from app.console.pages import done, page, part
from app.console.scenario_choices import LABELS, choices
from app.console.scenario_forms import KINDS, Wrong, read_form, values_of
from app.console.scenario_viewers import first_viewer, offered, place_of, read_viewer
from app.errors import BraidError, InvalidFieldsError, NotFoundError
from app.process import serving_factory
from app.process.serving_state import ServingState
from app.schemas.scenario_definitions import Name, ScenarioIn
from app.schemas.scenarios import Scenario
from app.services.scenarios.previews import Preview

PATH = "/console/scenarios"
router = pages_router()
own = [Depends(require_own_form)]
_name: TypeAdapter[str] = TypeAdapter(Name)
_SOURCES = {"api": "stored", "file": "of the file", "default": "built in"}


@router.get(PATH)
async def show_scenarios(request: Request, state: State, name: str = "") -> Response:
    """List the scenarios; with a name, lead to its form."""
    wrong = None
    if name:
        try:
            return RedirectResponse(f"{PATH}/{_name.validate_python(name.strip())}", HTTPStatus.SEE_OTHER)
        except ValidationError:
            wrong = f"{name[:64]!r} is no name: use 1 to 32 of a-z, 0-9, _ and -, beginning with a letter or a number"
    status = HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY
    scenarios = state.resources.scenarios.all()
    return page(
        request, "scenarios.html", status, scenarios=scenarios, kinds=KINDS, sources=_SOURCES, wrong=wrong, name=name
    )


@router.get(PATH + "/{name}")
async def show_scenario(request: Request, state: State, name: str, copy: str = "", user: str = "") -> Response:
    """Show the form of a scenario, or of a new one, with a preview."""
    in_force = _in_force(state, name)
    try:
        _name.validate_python(name)
        given: ScenarioIn = state.resources.scenarios.get(copy) if copy else in_force or ScenarioIn()
    except (ValidationError, NotFoundError) as error:
        told = str(error) if isinstance(error, NotFoundError) else "there is no scenario of this name"
        return page(request, "not_here.html", HTTPStatus.NOT_FOUND, told=told, back=PATH, back_name="All scenarios")
    return await _form(request, state, name, values_of(given), viewer={"for_user": user} if user else None)


@router.post(PATH + "/{name}", dependencies=own)
async def save_scenario(request: Request, state: State, name: str) -> Response:
    """Store what the form says as a new version."""
    definition, sent, wrong = read_form(await request.form())
    _, viewer, _ = read_viewer(await request.form())
    if definition is not None:
        try:
            stored, _ = await state.resources.scenarios.put(_name.validate_python(name), definition)
            return done(request, f"{PATH}/{name}", f"Version {stored.version} of {name} is in force everywhere.")
        except (BraidError, ValidationError) as error:
            wrong = {"definition": str(error)}
    return await _form(request, state, name, sent, wrong=wrong, viewer=viewer)


@router.post(PATH + "/{name}/preview", dependencies=own)
async def preview_scenario(request: Request, state: State, name: str) -> Response:
    """Show the list that the form would give; nothing is stored."""
    request.scope[TRIED].append(name)
    definition, sent, wrong = read_form(await request.form())
    asked, viewer, not_asked = read_viewer(await request.form())
    wrong |= not_asked
    found: Preview | None = None
    if definition is not None and asked is not None:
        scenarios = state.resources.scenarios
        try:
            found = await serving_factory.scenario_previews(state).preview(
                scenarios.tried(name, definition), _in_force(state, name), asked
            )
        except InvalidFieldsError as error:
            wrong = {place_of(one.field): one.detail for one in error.errors}
        except BraidError as error:
            wrong = {"definition": error.told or str(error)}
    if "hx-request" not in request.headers:
        return await _form(request, state, name, sent, wrong=wrong, viewer=viewer, preview=found)
    return part("scenario_preview.html", preview=found, wrong=wrong, labels=LABELS, live=True)


@router.post(PATH + "/{name}/delete", dependencies=own)
async def delete_scenario(request: Request, state: State, name: str) -> Response:
    """Delete a stored scenario; a built-in one of this name is in force again."""
    scenarios = state.resources.scenarios
    try:
        await scenarios.delete(name)
    except BraidError as error:
        scenario = _in_force(state, name)
        sent = values_of(scenario or ScenarioIn())
        return await _form(request, state, name, sent, wrong={"definition": str(error)})
    again = " The built-in one is in force again." if scenarios.is_built_in(name) else ""
    return done(request, PATH, f"{name} is deleted.{again}")


async def _form(
    request: Request,
    state: ServingState,
    name: str,
    values: dict[str, Any],
    *,
    wrong: Wrong | None = None,
    viewer: dict[str, str] | None = None,
    preview: Preview | None = None,
) -> Response:
    found = await offered(state)
    scenario = _in_force(state, name)
    return page(
        request,
        "scenario.html",
        HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        **about(state, name),
        values=values,
        wrong=wrong or {},
        viewer=first_viewer(found) | {field: text for field, text in (viewer or {}).items() if text},
        offered=found,
        preview=preview,
        is_new=scenario is None,
        choices=choices(state, found, values["exclude_seen"]),
        labels=LABELS,
    )


def about(state: ServingState, name: str) -> dict[str, Any]:
    """Return what the head of each page of a scenario says of it."""
    scenarios = state.resources.scenarios
    return {
        "name": name,
        "scenario": _in_force(state, name),
        "sources": _SOURCES,
        "fixed": scenarios.is_fixed(name),
        "built_in": scenarios.is_built_in(name),
    }


def _in_force(state: ServingState, name: str) -> Scenario | None:
    try:
        return state.resources.scenarios.get(name)
    except NotFoundError:
        return None
