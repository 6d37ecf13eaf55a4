"""`/console`: what a server does, what it does it with, and what needs attention."""

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request, Response

from app.api.dependencies import State
from app.api.problems import problems
from app.console.page_routes import PageRoute
from app.console.pages import HTML, page, part
from app.process import factory, serving_factory
from app.process.serving_state import ServingState
from app.services.monitoring.exposition import own_registry
from app.services.monitoring.live_numbers import LiveNumbers, counts_of
from app.services.recommending.drift import drift_of
from app.times import now

_AS_IT_SHOULD_BE = ("ok",)
NAMES = {
    "bundle": "Bundle",
    "background": "Background work",
    "storage": "Disk",
    "change_feed": "Change feed",
    "training": "Training",
    "event_types": "Event types",
    "database": "Database",
    "migrations": "Tables",
}
router = APIRouter(tags=["operation"], responses=problems(HTTPStatus.SERVICE_UNAVAILABLE), route_class=PageRoute)


@router.get("/console", response_class=Response, responses=HTML)
async def show_console(request: Request, state: State) -> Response:
    """Show what the server does, and how recommendations do in use."""
    found = await serving_factory.readiness(state).check()
    bundles = (await factory.versions(state.resources).page()).items
    active = next((bundle for bundle in bundles if bundle.active), None)
    log = state.resources.interactions
    last = None if active is None else active.data.get("last_interaction_id")
    return page(
        request,
        "overview.html",
        live=await _look(state),
        chart=_chart,
        bundle=active,
        age=_age,
        interactions=await log.count(),
        # By ids, which deleted rows leave out: near enough, and known at once.
        newer=None if last is None else max(await log.newest_id() - last, 0),
        measures=await state.recent_measures.get(),
        drift=drift_of(own_registry()),
        attention={NAMES[name]: check for name, check in found.checks.items() if check.status not in _AS_IT_SHOULD_BE},
    )


@router.get("/console/live", include_in_schema=False)
async def show_live(state: State) -> Response:
    """Show the numbers that change; the page asks for them every five seconds."""
    return part("live.html", live=await _look(state), chart=_chart)


async def _look(state: ServingState) -> LiveNumbers:
    # Several processes write their counts to files: to read them takes some milliseconds.
    return state.watching.look(await asyncio.to_thread(lambda: counts_of(own_registry(), now() / 1e6)))


def _chart(live: LiveNumbers) -> dict[str, Any]:
    labels = ("Requests/s", "Lists/s", "Posts of interactions/s")
    series = [
        {"label": label, "values": [round(rates[place], 2) for rates in live.course]}
        for place, label in enumerate(labels)
    ]
    return {"x": [round(at) for at in live.times], "series": series}


def _age(made: datetime) -> str:
    """Say how old something is, in its greatest unit."""
    seconds = (datetime.now(UTC) - made).total_seconds()
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"
