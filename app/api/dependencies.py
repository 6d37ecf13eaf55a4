"""What routes depend on: the state of the process, and services that are made for the request."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Path, Request

from app.process.resources import Resources
from app.process.serving_state import ServingState
from app.schemas.ids import IdInPath


# All are coroutines: the framework would run a plain function in a thread.
async def get_state(request: Request) -> ServingState:
    """Return what the requests of this process share."""
    state: ServingState = request.app.state.serving
    return state


def from_state(make: Callable[[ServingState], object]) -> Any:
    """Depend on a service that is made from the state of the process."""

    async def service(request: Request) -> object:
        return make(request.app.state.serving)

    return Depends(service)


def from_resources(make: Callable[[Resources], object]) -> Any:
    """Depend on a service that needs the database and the bundle store alone."""
    return from_state(lambda state: make(state.resources))


State = Annotated[ServingState, Depends(get_state)]
PathId = Annotated[IdInPath, Path(description="the id, percent-encoded", examples=["u-42"])]
