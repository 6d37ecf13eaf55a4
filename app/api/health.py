"""`/health`: for supervisors and load balancers."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.api.callers import may_see_details
from app.api.dependencies import State, from_state
from app.api.problems import problems
from app.process import serving_factory
from app.schemas.health import Live, Ready
from app.services.monitoring.readiness import Readiness

router = APIRouter(prefix="/health", tags=["operation"], responses=problems())


@router.get("/live")
async def check_live() -> Live:
    """Answer while the process runs."""
    return Live()


@router.get("/ready", responses={503: {"model": Ready, "description": "A check failed"}})
async def check_ready(
    readiness: Annotated[Readiness, from_state(serving_factory.readiness)],
    state: State,
    request: Request,
    response: Response,
) -> Ready:
    """Check database, migrations, bundle and background loops; 503 when one of them failed.

    An admin key, or without keys this machine, is told what was found as well.
    """
    found = await readiness.check()
    if found.status == "failed":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return found if await may_see_details(state, request.scope) else found.without_details()
