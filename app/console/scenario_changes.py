"""The history of a scenario, and the measures of its variants."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response

from app.api.dependencies import State
from app.console.page_routes import pages_router
from app.console.pages import done, page
from app.console.scenario_choices import LABELS
from app.console.scenarios import PATH, about, own
from app.errors import BraidError
from app.process.serving_state import ServingState
from app.services.monitoring.comparisons import compared

router = pages_router()


@router.get(PATH + "/{name}/history")
async def show_history(request: Request, state: State, name: str) -> Response:
    """Show what was changed of a scenario, newest first."""
    return await _history(request, state, name)


@router.post(PATH + "/{name}/restore", dependencies=own)
async def restore_version(
    request: Request, state: State, name: str, version: Annotated[int, Form(ge=1, lt=2**31)]
) -> Response:
    """Store an earlier version once more, as the newest one."""
    try:
        stored = await state.resources.scenarios.restore(name, version)
    except BraidError as error:
        return await _history(request, state, name, wrong=error.told or str(error))
    said = f"Version {stored.version} of {name} is in force: it says what version {version} did."
    return done(request, f"{PATH}/{name}/history", said)


@router.get(PATH + "/{name}/variants")
async def show_variants(request: Request, state: State, name: str) -> Response:
    """Show how the variants of a scenario do, of the last 30 days."""
    measures = await state.recent_measures.get()
    own_counts = [one for one in measures.by_variant if one.scenario == name]
    shares = state.resources.scenarios.shares(name)
    return page(
        request,
        "scenario_variants.html",
        **about(state, name),
        shares=shares,
        compared=compared(own_counts, list(shares)),
        whole=next((one for one in measures.by_scenario if one.scenario == name), None),
        warnings=[text for text in measures.warnings if f"scenario {name!r}:" in text],
        begin=measures.begin,
    )


async def _history(request: Request, state: ServingState, name: str, wrong: str | None = None) -> Response:
    return page(
        request,
        "scenario_history.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        **about(state, name),
        entries=await state.resources.scenarios.history(name),
        labels=LABELS,
        wrong=wrong,
    )
