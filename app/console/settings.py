"""`/console/settings`: what is in force, and where it comes from."""

from fastapi import Request, Response

from app.api.dependencies import State
from app.console.page_routes import pages_router
from app.console.pages import page
from app.services.monitoring.settings_in_force import settings_in_force

router = pages_router()


@router.get("/console/settings")
async def show_settings(request: Request, state: State) -> Response:
    """Show all settings, without secrets."""
    return page(request, "settings.html", settings=settings_in_force(state.resources.settings))
