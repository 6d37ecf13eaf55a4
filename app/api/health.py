"""`/health`: for supervisors and load balancers."""

from http import HTTPStatus

from fastapi import APIRouter, Response

from app.api.dependencies import Shared
from app.api.problems import problems
from app.schemas.health import Live, Ready

router = APIRouter(prefix="/health", tags=["operation"], responses=problems())


@router.get("/live")
async def live() -> Live:
    """Answer while the process runs."""
    return Live()


@router.get("/ready", responses={503: {"model": Ready, "description": "A check failed"}})
async def ready(context: Shared, response: Response) -> Ready:
    """Check database, migrations and bundle; 503 when one of them failed."""
    found = await context.readiness.check()
    if found.status == "failed":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
    return found
