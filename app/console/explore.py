"""`/console/explore`: what is recommended to a user, or in a session that is made up, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import Request, Response
from pydantic import ValidationError

from app.api.dependencies import State
from app.console.explore_lists import Lists, shown_lists
from app.console.exploring import LENGTHS, PATH, SEEN, SHOWN, Exploring, Settings
from app.console.neighbours import neighbours_if_known
from app.console.page_routes import pages_router
from app.console.pages import page, part
from app.console.strands import STRATEGIES, drawn
from app.errors import BraidError
from app.process import serving_factory
from app.process.serving_state import ServingState
from app.schemas.items import Item
from app.schemas.options import Options
from app.schemas.user_data import Interaction, LogQuery
from app.schemas.users import User, UsersQuery
from app.services.recommending.simulating import Ranking
from models.data.events import IMPRESSIONS
from models.data.strengths import VIEW

_EVENTS, _SUGGESTED, _LONGEST = 25, 8, 256
router = pages_router()


@dataclass(frozen=True, slots=True)
class History:
    """What is stored of a user, the latest interactions first, and the items that it and the session are about."""

    events: Sequence[Interaction]
    more: bool
    items: dict[str, Item]


@router.get(PATH)
async def show_explore(request: Request, state: State) -> Response:
    """Show what is recommended to whom the address names."""
    exploring, ranking, served = _read(request, state)
    try:
        lists: Lists | None = await shown_lists(serving_factory.simulating(state), exploring)
        wrong = None
    except BraidError as error:
        lists, wrong = None, error.told or str(error)
    query = request.query_params.get("q", "")[:_LONGEST]
    return page(
        request,
        "explore.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        x=exploring,
        lists=lists,
        wrong=wrong,
        ranking=ranking,
        served=served,
        as_served=Settings(),
        history=await _history(state, exploring),
        users=[] if exploring.user_id or exploring.acts else await _users(state, ""),
        query=query,
        found=await _found(state, query),
        neighbours=await _neighbours(state, exploring),
        kinds=_kinds(state),
        strategies=STRATEGIES,
        drawn=drawn,
        seen=SEEN,
        lengths=LENGTHS,
    )


@router.get(PATH + "/users")
async def suggest_users(request: Request, state: State) -> Response:
    """Suggest users by the beginning of their ids, as options of a field."""
    return part("user_options.html", users=await _users(state, request.query_params.get("user_id", "").strip()))


@router.get(PATH + "/items")
async def suggest_items(request: Request, state: State) -> Response:
    """Suggest items by the words of their titles, each with the address of the page after an act."""
    exploring, _, _ = _read(request, state)
    query = request.query_params.get("q", "")[:_LONGEST]
    return part("explore_found.html", x=exploring, query=query, found=await _found(state, query))


def _read(request: Request, state: ServingState) -> tuple[Exploring, Ranking, Settings]:
    ranking = serving_factory.simulating(state).ranking()
    served = Settings(
        new_items=round(state.resources.settings.new_item_share, 2),
        content=None if ranking.content_share is None else round(ranking.content_share, 2),
        network=None if ranking.network_share is None else round(ranking.network_share, 2),
    )
    return Exploring.read(request.query_params, _kinds(state), served), ranking, served


def _kinds(state: ServingState) -> list[str]:
    """Name the event types that can be simulated, the mildest first: a view where there is one."""
    types = [kind for kind in state.resources.settings.event_types if kind not in IMPRESSIONS]
    return sorted(types, key=lambda kind: kind != VIEW) or [VIEW]


async def _history(state: ServingState, exploring: Exploring) -> History:
    events: Sequence[Interaction] = []
    more = False
    try:
        if exploring.user_id:
            log = await serving_factory.user_data(state).log(exploring.user_id, LogQuery(limit=_EVENTS))
            events, more = log.items, log.next_cursor is not None
        named = [*(act.item_id for act in exploring.acts), *(event.item_id for event in events)]
        items = await serving_factory.catalogue(state).get_many([*named, *([exploring.look] if exploring.look else [])])
    except BraidError:
        # The list says what is wrong.
        items = {}
    return History(events, more, items)


async def _users(state: ServingState, prefix: str) -> Sequence[User]:
    try:
        query = UsersQuery(prefix=prefix or None, limit=_SUGGESTED)
        return (await serving_factory.profiles(state).page(query)).items
    except (ValidationError, BraidError):
        return []


async def _found(state: ServingState, query: str) -> list[Any]:
    if not query.strip():
        return []
    options = Options(limit=_SUGGESTED, include=SHOWN, pages=False)
    try:
        answer = await serving_factory.search_service(state).search(query, None, options)
    except BraidError:
        return []
    found: list[Any] = orjson.loads(answer.body())["items"]
    return found


async def _neighbours(state: ServingState, exploring: Exploring) -> list[Any]:
    if not exploring.look:
        return []
    return list(await neighbours_if_known(serving_factory.similar_items(state), exploring.look))
