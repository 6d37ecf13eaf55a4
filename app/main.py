"""The application: `uvicorn --factory app.main:create_app`, or `braid serve`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

import structlog
from fastapi import Depends, FastAPI
from fastapi.responses import RedirectResponse
from fastapi_offline import FastAPIOffline
from threadpoolctl import threadpool_limits

from app.api import (
    bundles,
    guide,
    health,
    imports,
    interactions,
    item_users,
    items,
    keys,
    metrics,
    openapi,
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
from app.api.answer_headers import AnswerHeaders
from app.api.bodies import BodyLimit
from app.api.clock_header import CLOCK_HEADER, ClockHeader
from app.api.docs_policy import DocsPolicy
from app.api.guard import Guard
from app.api.head_requests import HeadRequests
from app.api.hot_path import HotPath
from app.api.metrics_port import MetricsPort
from app.api.observed import Observed, RouteNoted
from app.api.problems import add_error_handlers
from app.api.query_parameters import require_known
from app.api.raw_paths import RawPaths
from app.api.traced import Traced
from app.config import Settings, load_settings
from app.console import assets
from app.console.modules import MODULES as PAGES
from app.console.uploads import LARGER
from app.logs import configure_logging
from app.process.serving_state import serving_state
from app.times import clock
from app.tracing import traces
from models import DISTRIBUTION

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
    keys,
    health,
    *PAGES,
)
_ASKED_BY_OTHERS = (metrics, health, *PAGES)
"""Probes, collectors of metrics and browsers add parameters of their own."""
_log = structlog.get_logger(__name__)


async def show_start() -> RedirectResponse:
    """Lead who opens the address of the server to the console."""
    return RedirectResponse("/console")


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the application.

    Parameters
    ----------
    settings
        Read from the environment where absent.
    """
    settings = settings or load_settings()
    configure_logging(settings.log_level, settings.log_format)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Small matrices, one after the other: more threads would only wait for each other.
        test_clock = app.state.settings.test_clock
        if test_clock is not None:
            _log.warning("the clock is that of a test", stands_at=test_clock.isoformat(), moved_by=CLOCK_HEADER)
        with threadpool_limits(1, "blas"), clock.stopped(test_clock), traces.running():
            async with serving_state(app.state.settings) as state:
                app.state.serving = state
                await state.start()
                yield

    app = FastAPIOffline(
        title="Braid",
        version=version(DISTRIBUTION),
        summary="A recommendation service",
        description=openapi.DESCRIPTION,
        openapi_tags=openapi.TAGS,
        generate_unique_id_function=openapi.operation_id,
        lifespan=lifespan,
        # A redirect would name whatever host the request names.
        redirect_slashes=False,
        # The framework's own traces and logs hold paths, queries and texts of errors, which name users; and to find out
        # that they are not wanted takes a tenth of the hot path.
        telemetry=dict.fromkeys(("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False),
    )
    app.state.settings = settings
    for module in _MODULES:
        refusing = [] if module in _ASKED_BY_OTHERS else [Depends(require_known)]
        app.include_router(module.router, dependencies=refusing)
    app.mount(assets.PREFIX, assets.Assets())
    app.add_api_route("/", show_start, include_in_schema=False)
    app.add_api_route(guide.PATH, guide.show_guide, include_in_schema=False)
    app.mount(guide.PATH, guide.Guide(guide.FOLDER))
    add_error_handlers(app)
    app.add_middleware(RouteNoted)
    app.add_middleware(BodyLimit, larger={imports.PATH: imports.MAX_BYTES, **LARGER})
    app.add_middleware(DocsPolicy)
    app.add_middleware(HotPath)
    app.add_middleware(HeadRequests)
    app.add_middleware(Guard)
    if settings.metrics_port is not None:
        app.add_middleware(MetricsPort, port=settings.metrics_port)
    app.add_middleware(RawPaths)
    if settings.test_clock is not None:
        app.add_middleware(ClockHeader)
    app.add_middleware(Observed, logs=lambda: app.state.settings.logs_requests)
    app.add_middleware(AnswerHeaders)
    if traces.wanted:
        app.add_middleware(Traced)
    openapi.describe(app)
    return app
