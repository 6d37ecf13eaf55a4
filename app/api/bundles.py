"""`/bundles`: versions, roll back and forward."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.api.dependencies import State, from_resources
from app.api.problems import problems
from app.process import factory
from app.schemas.bundles import BundleVersion, BundleVersions
from app.services.training.versions import Versions

router = APIRouter(
    prefix="/bundles",
    tags=["training"],
    responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
Bundles = Annotated[Versions, from_resources(factory.versions)]
Version = Annotated[str, Path(max_length=64, examples=["20260301T120000000000Z"])]


@router.get("")
async def list_bundles(versions: Bundles) -> BundleVersions:
    """List the bundles that are kept, newest first; each with the gate's verdict and what activated it."""
    return await versions.page()


@router.post("/{version}/activate", responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
async def activate_bundle(
    version: Version,
    versions: Bundles,
    state: State,
    force: Annotated[
        bool, Query(description="activate it although the gate refused it, or it is of another database")
    ] = False,
) -> BundleVersion:
    """Activate a bundle; all processes switch within two seconds, and no request fails."""
    activated = await versions.activate(version, "api", force=force)
    await state.bundle.load()
    return activated
