"""The service in one process: its resources, its HTTP interface, and a trained bundle."""

import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from app.config import Settings
from app.main import create_app
from app.process.resources import Resources
from app.process.serving_state import ServingState
from app.schemas.ids import in_force
from app.services.popularity import counts_since_bundle as live_popularity
from models.bundle.manifest import MANIFEST_FILE
from models.bundle.store import BundleStore

Serve = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]
Documented = Callable[[str, object], None]
Refused = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _isolated(isolated: Path) -> None:
    """Keep every test away from `var/` and `.env`."""


@pytest.fixture
def ids_are_reset() -> Iterator[None]:
    """Put the default rule for ids in force again after the test."""
    yield
    in_force.use("strict")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=database_url, bundles=str(tmp_path / "bundles"), log_level="error")


@pytest.fixture
async def resources(settings: Settings) -> AsyncIterator[Resources]:
    async with Resources(settings) as resources:
        yield resources


@pytest.fixture
async def state(resources: Resources) -> AsyncIterator[ServingState]:
    """What a process that serves keeps in memory, not started."""
    state = ServingState(resources)
    yield state
    await state.close()


@pytest.fixture(scope="session")
def one_application() -> FastAPI:
    """Make the application once: its routes are built at the first request, which takes longer than most tests."""
    return create_app(Settings(database_url="sqlite://", log_level="error"))


@pytest.fixture
def application(one_application: FastAPI, settings: Settings) -> FastAPI:
    """The application with the settings of this test; it opens its state when it is served."""
    one_application.state.settings = settings
    return one_application


@pytest.fixture
def serve(application: FastAPI) -> Serve:
    """Start the application, once what it should find is in place."""

    @asynccontextmanager
    async def start() -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(application, raise_app_exceptions=False)
        async with (
            application.router.lifespan_context(application),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
        ):
            yield client

    return start


@pytest.fixture
async def client(serve: Serve) -> AsyncIterator[httpx.AsyncClient]:
    async with serve() as client:
        yield client


@pytest.fixture
def bundles(trained_bundles: Path, settings: Settings) -> BundleStore:
    """A copy of the trained bundle, active, where the service looks for it."""
    shutil.copytree(trained_bundles, settings.bundles)
    return BundleStore(Path(settings.bundles))


@pytest.fixture
def followed(bundles: BundleStore, monkeypatch: pytest.MonkeyPatch) -> BundleStore:
    """A bundle that says up to which row it has read the log."""
    monkeypatch.setattr(live_popularity, "_EVERY_SECONDS", 0.0)
    manifest = bundles.root / str(bundles.active_version()) / MANIFEST_FILE
    document = orjson.loads(manifest.read_bytes())
    document["data"]["last_interaction_id"] = 0
    manifest.write_bytes(orjson.dumps(document))
    return bundles


@pytest.fixture(scope="session")
def openapi() -> dict[str, Any]:
    return create_app(Settings(database_url="sqlite://", log_level="error")).openapi()


@pytest.fixture
def documented(openapi: dict[str, Any]) -> Documented:
    """Check a document against a schema of the OpenAPI description."""

    def check(name: str, document: object) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": openapi["components"]}
        Draft202012Validator(schema).validate(document)

    return check


@pytest.fixture
def refused(documented: Documented) -> Refused:
    """Check that an answer is a problem document, and give it."""

    def check(answer: httpx.Response, status: int, code: str, *fields: str) -> dict[str, Any]:
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        documented("Problem", problem)
        assert (problem["status"], problem["code"], problem["type"]) == (status, code, "about:blank")
        assert {error["field"] for error in problem.get("errors", [])} == set(fields)
        return problem

    return check
