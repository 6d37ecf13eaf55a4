"""API keys and the audit log."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.api.dependencies import from_state
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.keys import AuditPage, AuditQuery, KeyIn, KeysPage, NewKey, RotateIn
from app.services.access.api_keys import ApiKeys
from app.services.access.audit import AuditLog

router = APIRouter(tags=["access"], responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE))

Keys = Annotated[ApiKeys, from_state(serving_factory.api_keys)]
Log = Annotated[AuditLog, from_state(lambda state: state.audit_log)]
KeyId = Annotated[str, Path(pattern="^[0-9a-f]{12}$", description="`key_id` of the key", examples=["4f1c2ab09d3e"])]


@router.get("/keys")
async def list_keys(keys: Keys) -> KeysPage:
    """List all API keys, also those that have ended, without their secrets."""
    return await keys.list()


@router.post("/keys", status_code=HTTPStatus.CREATED)
async def post_key(body: KeyIn, keys: Keys) -> NewKey:
    """Make an API key; it is shown this once."""
    return await keys.add(body)


@router.post("/keys/{key_id}/rotate", status_code=HTTPStatus.CREATED, responses=problems(HTTPStatus.NOT_FOUND))
async def post_rotated_key(key_id: KeyId, body: RotateIn, keys: Keys) -> NewKey:
    """Make a key that may do the same; the old one holds for some hours more."""
    return await keys.rotate(key_id, body.grace_hours)


@router.delete("/keys/{key_id}", status_code=HTTPStatus.NO_CONTENT, responses=problems(HTTPStatus.NOT_FOUND))
async def delete_key(key_id: KeyId, keys: Keys) -> None:
    """Revoke an API key: within a second no process takes it."""
    await keys.revoke(key_id)


@router.get("/audit-log")
async def list_acts(query: Annotated[AuditQuery, Query()], log: Log) -> AuditPage:
    """List administrative acts, newest first."""
    return await log.page(query)
