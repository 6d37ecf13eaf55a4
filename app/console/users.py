"""`/console/users`: who there is, and each user with profile, history, segments and what is recommended now."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import Query, Request, Response
from pydantic import ValidationError

from app.api.dependencies import State
from app.console.exploring import SHOWN
from app.console.page_routes import pages_router
from app.console.pages import page
from app.console.strands import STRATEGIES
from app.errors import BraidError
from app.process import serving_factory
from app.process.serving_state import ServingState
from app.schemas.options import Options
from app.schemas.similar import SimilarUsersQuery
from app.schemas.user_data import LogPage, LogQuery
from app.schemas.user_segments import SegmentsQuery
from app.schemas.users import UsersPage, UsersQuery

PATH = "/console/users"
_ON_PAGE, _EVENTS, _RECOMMENDED, _SEGMENTS, _ALIKE = 50, 25, 12, 5, 8
_SEGMENTED = ("categories", "tags")
router = pages_router()
Text = Annotated[str, Query(max_length=1000)]


def user_url(user_id: str) -> str:
    """Return the address of the page of a user."""
    return f"{PATH}/one?{urlencode({'user_id': user_id})}"


@router.get(PATH)
async def show_users(request: Request, state: State, prefix: Text = "", cursor: Text = "") -> Response:
    """Show the users, by the beginning of their ids."""
    found, wrong = UsersPage(items=[], next_cursor=None), None
    prefix = prefix.strip()
    try:
        query = UsersQuery(prefix=prefix or None, limit=_ON_PAGE, cursor=cursor or None)
        found = await serving_factory.profiles(state).page(query)
    except ValidationError as error:
        wrong = error.errors()[0]["msg"]
    except BraidError as error:
        wrong = error.told or str(error)
    kept = {"prefix": prefix} if prefix else {}
    return page(
        request,
        "users.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        users=found.items,
        prefix=prefix,
        wrong=wrong,
        first=f"{PATH}?{urlencode(kept)}" if cursor else None,
        following=f"{PATH}?{urlencode(kept | {'cursor': found.next_cursor})}" if found.next_cursor else None,
    )


@router.get(PATH + "/one")
async def show_user(request: Request, state: State, user_id: Text = "", cursor: Text = "") -> Response:
    """Show a user."""
    return await user_page(request, state, user_id, cursor=cursor)


async def user_page(
    request: Request,
    state: ServingState,
    user_id: str,
    *,
    cursor: str = "",
    wrong: str | None = None,
    typed: str | None = None,
) -> Response:
    """Show the page of a user.

    Parameters
    ----------
    cursor
        Continues the history.
    wrong
        What could not be done with the user.
    typed
        What was typed as the profile, where it was refused.
    """
    attributes = await serving_factory.profiles(state).find(user_id)
    log = await _log(state, user_id, cursor)
    if attributes is None and not log.items:
        return page(request, "missing.html", HTTPStatus.NOT_FOUND, what="user", shown=user_id, back=PATH)
    listed = await _recommended(state, user_id)
    segments = {field: await _segments(state, user_id, field) for field in _SEGMENTED}
    named = [*(event.item_id for event in log.items), *_named(segments)]
    return page(
        request,
        "user.html",
        HTTPStatus.OK if wrong is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        user_id=user_id,
        attributes=attributes or {},
        typed=typed or orjson.dumps(attributes or {}, option=orjson.OPT_INDENT_2).decode(),
        counts=await serving_factory.event_counting(state).of_user(user_id),
        log=log,
        items=await serving_factory.catalogue(state).get_many(named),
        listed=listed,
        strategies=STRATEGIES,
        segments=segments,
        alike=await serving_factory.similar_users(state).similar(user_id, SimilarUsersQuery(limit=_ALIKE)),
        first=f"{user_url(user_id)}#history" if cursor else None,
        following=f"{user_url(user_id)}&{urlencode({'cursor': log.next_cursor})}#history" if log.next_cursor else None,
        wrong=wrong,
    )


async def _log(state: ServingState, user_id: str, cursor: str) -> LogPage:
    """Return a part of a history; the first one where the cursor is of something else."""
    user_data = serving_factory.user_data(state)
    try:
        return await user_data.log(user_id, LogQuery(limit=_EVENTS, cursor=cursor or None))
    except (ValidationError, BraidError):
        return await user_data.log(user_id, LogQuery(limit=_EVENTS))


async def _recommended(state: ServingState, user_id: str) -> dict[str, Any]:
    options = Options(limit=_RECOMMENDED, explain=True, include=SHOWN, pages=False)
    # A look at a list is none that was given to a user: it is not counted.
    answer = await serving_factory.simulating(state).recommend(user_id, (), options)
    found: dict[str, Any] = orjson.loads(answer.body())
    return found


async def _segments(state: ServingState, user_id: str, field: str) -> Sequence[dict[str, Any]]:
    query = SegmentsQuery(field=field, limit=_SEGMENTS)
    answer = await serving_factory.user_segments(state).segments(user_id, query)
    found: list[dict[str, Any]] = orjson.loads(answer.body())["items"]
    return found


def _named(segments: dict[str, Sequence[dict[str, Any]]]) -> list[str]:
    return [item_id for values in segments.values() for one in values for item_id in one["item_ids"]]
