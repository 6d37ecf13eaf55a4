"""The application: `uvicorn --factory app.main:create_app`, or `braid serve`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from threadpoolctl import threadpool_limits

from app.api import (
    bundles,
    health,
    imports,
    interactions,
    item_users,
    items,
    metrics,
    pages,
    popular,
    recommendations,
    scenarios,
    schema,
    search,
    similar,
    training_jobs,
    user_data,
    user_segments,
    users,
)
from app.api.bodies import BodyLimit
from app.api.clock_header import CLOCK_HEADER, ClockHeader
from app.api.head_requests import HeadRequests
from app.api.hot_path import HotPath
from app.api.problems import MEDIA_TYPE, add_error_handlers
from app.config import Settings, load_settings
from app.console import views
from app.logs import configure_logging
from app.process.serving_state import serving_state
from app.schemas.problems import Problem
from app.times import clock

_MODULES = (
    recommendations,
    popular,
    search,
    similar,
    scenarios,
    pages,
    item_users,
    user_segments,
    interactions,
    items,
    users,
    user_data,
    schema,
    imports,
    bundles,
    training_jobs,
    metrics,
    health,
    views,
)
_FIRST_ERROR = 400
_log = structlog.get_logger(__name__)
_PROBLEM = {"$ref": f"#/components/schemas/{Problem.__name__}"}
_DESCRIPTION = """Post what your users do, and ask what to show next.

Every error is a problem document (RFC 9457) with a stable `code`. Times are UTC."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    settings
        Read from the environment where absent.
    """
    settings = settings or load_settings()
    configure_logging(settings.log_level)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Small matrices, one after the other: more threads would only wait for each other.
        test_clock = app.state.settings.test_clock
        if test_clock is not None:
            _log.warning("the clock is that of a test", stands_at=test_clock.isoformat(), moved_by=CLOCK_HEADER)
        with threadpool_limits(1, "blas"), clock.stopped(test_clock):
            async with serving_state(app.state.settings) as state:
                app.state.serving = state
                await state.start()
                yield

    app = FastAPIOffline(title="Braid", version=version("braid"), description=_DESCRIPTION, lifespan=lifespan)
    app.state.settings = settings
    for module in _MODULES:
        app.include_router(module.router)
    add_error_handlers(app)
    app.add_middleware(BodyLimit, larger={imports.PATH: imports.MAX_BYTES})
    app.add_middleware(HotPath)
    app.add_middleware(HeadRequests)
    if settings.test_clock is not None:
        app.add_middleware(ClockHeader)
    _describe_problems(app)
    return app


def _describe_problems(app: FastAPI) -> None:
    """Set the media type of the error answers in the OpenAPI description."""
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        schema = describe()
        for path in schema["paths"].values():
            for operation in path.values():
                for status, response in operation["responses"].items():
                    content = response.get("content", {})
                    is_problem = content.get("application/json", {}).get("schema") == _PROBLEM
                    if int(status) >= _FIRST_ERROR and is_problem:
                        content[MEDIA_TYPE] = content.pop("application/json")
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
