"""API keys and the audit log."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from app.api.dependencies import from_state
from app.api.guard import CALLER
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.keys import AuditPage, AuditQuery, KeyIn, KeysPage, NewKey, RotateIn
from app.services.access.api_keys import ApiKeys
from app.services.access.audit import Actor, AuditLog

router = APIRouter(tags=["access"], responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE))

Keys = Annotated[ApiKeys, from_state(serving_factory.api_keys)]
Log = Annotated[AuditLog, from_state(lambda state: state.audit_log)]


async def _caller(request: Request) -> Actor:
    """Return whom the guard let in."""
    actor: Actor = request.scope[CALLER]
    return actor


Caller = Annotated[Actor, Depends(_caller)]
KeyId = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="`key_id` of the key", examples=["4f1c2ab09d3e"])]


@router.get("/keys")
async def list_keys(keys: Keys) -> KeysPage:
    """List all API keys, also those that have ended, without their secrets."""
    return await keys.list()


@router.post("/keys", status_code=HTTPStatus.CREATED)
async def post_key(body: KeyIn, keys: Keys, caller: Caller) -> NewKey:
    """Make an API key; it is shown this once."""
    return await keys.add(body, caller)


@router.post("/keys/{key_id}/rotate", status_code=HTTPStatus.CREATED, responses=problems(HTTPStatus.NOT_FOUND))
async def post_rotated_key(key_id: KeyId, body: RotateIn, keys: Keys, caller: Caller) -> NewKey:
    """Make a key that may do the same; the old one holds for some hours more."""
    return await keys.rotate(key_id, body.grace_hours, caller)


@router.delete("/keys/{key_id}", status_code=HTTPStatus.NO_CONTENT, responses=problems(HTTPStatus.NOT_FOUND))
async def delete_key(key_id: KeyId, keys: Keys, caller: Caller) -> None:
    """Revoke an API key: within a second no process takes it."""
    await keys.revoke(key_id, caller)


@router.get("/audit-log")
async def list_acts(query: Annotated[AuditQuery, Query()], log: Log) -> AuditPage:
    """List administrative acts, newest first."""
    return await log.page(query)
