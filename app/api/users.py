"""`/users`: user profiles."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.api.batches import BATCH_PROBLEMS, Atomic, batch_body, read_batch
from app.api.dependencies import PathId, from_state
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.batches import RowsStored
from app.schemas.users import USER_EXAMPLE, User, UserIn, UserPatch, UsersPage, UsersQuery
from app.services.users.profiles import Profiles

router = APIRouter(
    prefix="/users",
    tags=["users"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
Users = Annotated[Profiles, from_state(serving_factory.profiles)]
_BODY = problems(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


@router.get("")
async def list_users(query: Annotated[UsersQuery, Query()], profiles: Users) -> UsersPage:
    """List users ordered by id, including users without a profile."""
    return await profiles.page(query)


@router.post(
    "/batch",
    responses=BATCH_PROBLEMS,
    response_model_exclude_unset=True,
    openapi_extra=batch_body("User", {"user_id": "196", **USER_EXAMPLE}),
)
async def put_users(request: Request, profiles: Users, atomic: Atomic = False) -> RowsStored:
    """Create or replace up to 10,000 users in one transaction."""
    return await profiles.put_batch(await read_batch(request), atomic=atomic)


@router.put("/{user_id}", responses={201: {"model": User, "description": "The user is new"}, **_BODY})
async def put_user(user_id: PathId, user: UserIn, profiles: Users, response: Response) -> User:
    """Create or replace a user; 201 when it is new."""
    stored, created = await profiles.put(user_id, user)
    if created:
        response.status_code = HTTPStatus.CREATED
    return stored


@router.patch("/{user_id}", responses={**problems(HTTPStatus.NOT_FOUND), **_BODY})
async def patch_user(user_id: PathId, patch: UserPatch, profiles: Users) -> User:
    """Change a user by a JSON merge patch (RFC 7396)."""
    return await profiles.patch(user_id, patch)


@router.get("/{user_id}", responses=problems(HTTPStatus.NOT_FOUND))
async def get_user(user_id: PathId, profiles: Users) -> User:
    """Get a user."""
    return await profiles.get(user_id)
