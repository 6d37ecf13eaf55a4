"""The manifest: the contents of a bundle, its training data and its metrics."""

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from models.bundle.errors import BundleDamagedError, BundleUnreadableError
from models.bundle.verdict import Verdict

SCHEMA_VERSION = 2
"""Version of the bundle format. 2 added all items of the catalogue, and recommenders served besides the blend."""
MANIFEST_FILE = "manifest.json"
REPORT_FILE = "report.html"
"""The training report, a page for people; bundles that no training made have none."""
GOALS = "goals"
"""Key of `data` under which the bundles of further goals stand: earlier versions of Braid read such a manifest too."""
KNOWN_MASKS = "known_masks"
"""Key of `data`: tokens of the masks of users who were erased, or merged, before the data were read."""
_ALIKE = {"schema_version", "version", "files"}
_DISTRIBUTIONS = ("braid", "numpy", "scipy", "numba", "onnxruntime", "keras", "tensorflow", "tensorflow-cpu")


class FileEntry(BaseModel):
    """One file of a bundle."""

    model_config = ConfigDict(extra="forbid")

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0, description="bytes")


class Manifest(BaseModel):
    """The contents of a bundle, its training data and its metrics."""

    model_config = ConfigDict(extra="forbid")

    schema_version: int = SCHEMA_VERSION
    version: str
    created_at: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    data: dict[str, Any] = Field(description="window and counts of the interactions it was trained on")
    settings: dict[str, Any] = Field(description="the settings chosen on validation")
    metrics: dict[str, Any] = Field(description="metrics of the blend, its parts and the baselines")
    protocol: str = Field(description="how the metrics were measured")
    recipe: dict[str, Any] | None = Field(None, description="the options of the run: kind, seed, budget and more")
    gate: Verdict | None = Field(None, description="whether it may replace the bundle that was active")
    files: dict[str, FileEntry] = Field(default_factory=dict)
    libraries: dict[str, str] = Field(default_factory=dict)

    @property
    def goals(self) -> dict[str, str]:
        """The versions of the bundles of further goals, by goal."""
        found: dict[str, str] = self.data.get(GOALS, {})
        return found


def library_versions() -> dict[str, str]:
    """List the versions of the libraries that make or read a bundle, as far as they are installed."""
    found = {}
    for name in _DISTRIBUTIONS:
        try:
            # TensorFlow without the code for graphics cards is a distribution of its own.
            found[name.removesuffix("-cpu")] = version(name)
        except PackageNotFoundError:
            continue
    return found


def read_manifest(folder: Path) -> Manifest:
    """Read and check the manifest of the bundle in a folder.

    Raises
    ------
    BundleDamagedError
        The manifest is missing, is not JSON, or lists its files wrongly.
    BundleUnreadableError
        It has another format than this version of Braid reads.
    """
    path = folder / MANIFEST_FILE
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BundleDamagedError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        found = _Format.model_validate_json(text).schema_version
        if found == SCHEMA_VERSION:
            return Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        # Other fields mean that another version wrote it; all versions list the files in the same way.
        other = first["loc"] and not any(each["loc"][0] in _ALIKE for each in error.errors())
        kind = BundleUnreadableError if other else BundleDamagedError
        raise kind(f"{path}: {where}: {first['msg']}") from error
    if found > SCHEMA_VERSION:
        raise BundleUnreadableError(
            f"{path}: schema_version {found} is newer than {SCHEMA_VERSION}, the newest that this version of Braid"
            " reads: upgrade Braid, activate an older bundle, or train again"
        )
    raise BundleUnreadableError(
        f"{path}: schema_version {found} is older than {SCHEMA_VERSION}, which this version of Braid reads: train again"
    )


class _Format(BaseModel):
    """The fields that all versions of the manifest have."""

    schema_version: int
