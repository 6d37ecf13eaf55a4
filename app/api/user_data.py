"""Users' data: list, export, erase and merge it."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.api.dependencies import PathId, from_state
from app.api.problems import problems
from app.api.streams import Streamed
from app.process import serving_factory
from app.schemas.user_data import LogPage, LogQuery, Merged, MergeIn, Unmerged, UserExport
from app.services.users.user_data import UserData

router = APIRouter(tags=["users"], responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE))

Data = Annotated[UserData, from_state(serving_factory.user_data)]


@router.get("/users/{user_id}/interactions", response_model_exclude_unset=True)
async def list_interactions(user_id: PathId, query: Annotated[LogQuery, Query()], user_data: Data) -> LogPage:
    """List a user's interactions, newest first, with every stored field."""
    return await user_data.log(user_id, query)


@router.get(
    "/users/{user_id}/export",
    response_class=Response,
    responses={200: {"model": UserExport}, **problems(HTTPStatus.NOT_FOUND)},
)
async def export_user(user_id: PathId, user_data: Data) -> Response:
    """Export all data stored about a user, in one document."""
    parts = await user_data.export(user_id)
    return Streamed(parts, media_type="application/json")


@router.delete("/users/{user_id}", status_code=HTTPStatus.NO_CONTENT, responses=problems(HTTPStatus.NOT_FOUND))
async def erase_user(user_id: PathId, user_data: Data) -> None:
    """Erase all data stored about a user; bundles hide the user at once, and lose it within minutes."""
    await user_data.erase(user_id)


@router.post(
    "/users/{user_id}/merge",
    responses=problems(HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
)
async def merge_user(user_id: PathId, body: MergeIn, user_data: Data) -> Merged:
    """Move all data of an anonymous user to a known one; repeating the call moves what has arrived since."""
    return await user_data.merge(user_id, body.into)


@router.delete("/users/{user_id}/merge", responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
async def undo_merge(user_id: PathId, user_data: Data) -> Unmerged:
    """Undo the merge of a user within a day: the rows that it moved go back, later ones stay with the known user."""
    return await user_data.undo_merge(user_id)


@router.delete(
    "/interactions/{interaction_id}", status_code=HTTPStatus.NO_CONTENT, responses=problems(HTTPStatus.NOT_FOUND)
)
async def delete_interaction(interaction_id: Annotated[int, Path(ge=1, lt=2**63)], user_data: Data) -> None:
    """Remove one interaction."""
    await user_data.delete_interaction(interaction_id)
