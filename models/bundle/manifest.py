"""The manifest: what a bundle holds, what it was made from and how well it did."""

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from models.bundle.errors import BundleError
from models.bundle.verdict import Verdict

SCHEMA_VERSION = 2
"""Of what a bundle holds: 2 came with all items of the catalogue, and what is served beside the blend."""
MANIFEST_FILE = "manifest.json"
_LIBRARIES = ("braid", "numpy", "scipy", "numba", "onnxruntime", "keras", "tensorflow")


class FileEntry(BaseModel):
    """One file of a bundle."""

    model_config = ConfigDict(extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, description="bytes")


class Manifest(BaseModel):
    """What a bundle holds, what it was made from and how well it did."""

    model_config = ConfigDict(extra="forbid")

    schema_version: int = SCHEMA_VERSION
    version: str
    created_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    data: dict[str, Any] = Field(description="window and counts of the interactions it was trained on")
    settings: dict[str, Any] = Field(description="the settings chosen on validation")
    metrics: dict[str, Any] = Field(description="metrics of the blend, its parts and the baselines")
    protocol: str = Field(description="how the metrics were measured")
    recipe: dict[str, Any] | None = Field(None, description="what the run was asked for: kind, seed, budget and more")
    gate: Verdict | None = Field(None, description="whether it may take the place of the bundle that was active")
    files: dict[str, FileEntry] = Field(default_factory=dict)
    libraries: dict[str, str] = Field(default_factory=dict)


def library_versions() -> dict[str, str]:
    """List the versions of the libraries that make or read a bundle, as far as they are installed."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of the bundle in a folder.

    Raises
    ------
    BundleError
        The manifest is missing, is not valid, or has another format than this version of Braid reads.
    """
    path = folder / MANIFEST_FILE
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        newer = _newer_schema(text)
        if newer:
            raise _too_new(path, newer) from error
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BundleError(f"{path}: {where}: {first['msg']}") from error
    if manifest.schema_version > SCHEMA_VERSION:
        raise _too_new(path, manifest.schema_version)
    if manifest.schema_version < SCHEMA_VERSION:
        raise BundleError(
            f"{path}: schema_version {manifest.schema_version} is older than {SCHEMA_VERSION}, which this version"
            " of Braid reads: train again"
        )
    return manifest


def _newer_schema(text: bytes) -> int:
    """Find the schema version of a manifest that this version cannot parse; 0 if it is not newer."""

    class Probe(BaseModel):
        schema_version: int

    try:
        found = Probe.model_validate_json(text).schema_version
    except ValidationError:
        return 0
    return found if found > SCHEMA_VERSION else 0


def _too_new(path: Path, found: int) -> BundleError:
    return BundleError(
        f"{path}: schema_version {found} is newer than {SCHEMA_VERSION}, the newest that this version of Braid"
        " reads: upgrade Braid, or activate an older bundle"
    )
