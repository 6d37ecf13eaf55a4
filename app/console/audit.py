"""`/console/audit`: administrative acts, newest first."""

from typing import Annotated

from fastapi import Query, Request, Response

from app.api.dependencies import State
from app.api.keys import Keys
from app.console.page_routes import pages_router
from app.console.pages import page
from app.schemas.keys import AuditQuery

_LIMIT = 50
router = pages_router()


@router.get("/console/audit")
async def show_acts(
    request: Request, state: State, keys: Keys, before: Annotated[int | None, Query(ge=1, lt=2**63)] = None
) -> Response:
    """Show who did what, and when."""
    acts = (await state.audit_log.page(AuditQuery(limit=_LIMIT, before=before))).items
    names = {key.key_id: key.name for key in (await keys.list()).items}
    return page(request, "audit.html", acts=acts, names=names, before=before, more=len(acts) == _LIMIT)
