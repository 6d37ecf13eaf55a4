"""Versions of bundles: which there are, and which one is active."""

import asyncio
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import structlog

from app.errors import BundleRefusedError, BundlesUnavailableError, NotFoundError
from app.schemas.bundles import BundleVersion, BundleVersions, Gate
from app.services.state.bundle_origin import BundleOrigin
from app.storage.activations import Activation, ActivationStore
from app.times import from_microseconds
from models.arrays.types import Ids
from models.bundle.errors import BundleError, StoreUnreachableError
from models.bundle.manifest import REPORT_FILE, Manifest
from models.bundle.store import BundleStore

_log = structlog.get_logger(__name__)


class Versions:
    """Lists bundles, and makes one the active one.

    Parameters
    ----------
    keep
        How many are kept at least; the active one always is.
    """

    def __init__(self, store: BundleStore, activations: ActivationStore, origin: BundleOrigin, keep: int) -> None:
        self._store = store
        self._activations = activations
        self._origin = origin
        self._keep = keep

    async def page(self) -> BundleVersions:
        """List all versions, newest first."""
        found = await self._activations.latest()
        with _reaching():
            items = await asyncio.to_thread(self._describe_all, found)
        return BundleVersions(items=items, next_cursor=None)

    async def get(self, version: str) -> BundleVersion:
        """Return a version.

        Raises
        ------
        NotFoundError
            There is no such version.
        BundlesUnavailableError
            The bundles cannot be reached.
        """
        for one in (await self.page()).items:
            if one.version == version:
                return one
        raise _no_bundle(version)

    async def report(self, version: str) -> bytes:
        """Return the training report of a version, an HTML page.

        Raises
        ------
        NotFoundError
            There is no such version, or it has no report.
        BundlesUnavailableError
            The bundles cannot be reached.
        """
        with _reaching():
            found = await asyncio.to_thread(self._report, version)
        if found is None:
            raise NotFoundError(f"bundle {version[:80]} has no training report")
        return found

    async def activate(self, version: str, activated_by: str, *, force: bool = False) -> BundleVersion:
        """Make a version the active one, in all processes.

        Parameters
        ----------
        activated_by
            Who activates it, for the record.
        force
            Whether a version is activated that the gate has refused, or that is of another database.

        Raises
        ------
        NotFoundError
            There is no such version.
        BundleRefusedError
            The gate has refused it, it is of another database, or it cannot be loaded.
        BundlesUnavailableError
            The bundles cannot be reached.
        DatabaseError
            The database does not answer; if the bundle is active, this is not recorded.
        """
        with _reaching():
            refused = await asyncio.to_thread(self._require, version)
        if refused is not None and not force:
            raise BundleRefusedError(f"bundle {version}: the gate has refused it: {refused}; `force` activates it")
        with _reaching():
            item_ids = await asyncio.to_thread(self._verified, version)
        foreign = await self._origin.problem(version, item_ids)
        if foreign is not None and not force:
            raise BundleRefusedError(f"{foreign}; `force` activates it")
        refused = refused or foreign
        with _reaching():
            await asyncio.to_thread(self._store.activate, version)
        _log.info("bundle activated", version=version, by=activated_by, forced=refused is not None)
        await self._activations.add(version, activated_by, forced=refused is not None)
        found = await self._activations.latest()
        return await asyncio.to_thread(self._describe, version, version, found)

    async def take(self, version: str, activated_by: str, *, force: bool = False) -> None:
        """Activate a new bundle, unless the active bundle is no longer the one that the gate compared it with.

        Raises
        ------
        BundleRefusedError
            The gate has refused it, it cannot be loaded, or the comparison does not hold any more.
        BundlesUnavailableError
            The bundles cannot be reached.
        DatabaseError
            The bundle is active, but this is not recorded.
        """
        with _reaching():
            gate = (await asyncio.to_thread(self._store.manifest, version)).gate
            active = await asyncio.to_thread(self._store.active_version)
        if not force and gate is not None and active not in {gate.against, version}:
            raise BundleRefusedError(
                f"bundle {active} became the active one while bundle {version} was made, which was compared with"
                f" {gate.against or 'none'}"
            )
        await self.activate(version, activated_by, force=force)

    async def prune(self, spared: Collection[str] = ()) -> None:
        """Remove versions that are neither among the newest nor active nor spared."""
        for version in await asyncio.to_thread(self._store.prune, self._keep, spared):
            _log.info("old bundle removed", version=version)

    def _require(self, version: str) -> str | None:
        """Return why the gate has refused a version; None where it has not."""
        if version not in self._store.versions():
            raise _no_bundle(version)
        gate = self._store.manifest(version).gate
        return None if gate is None else gate.reason

    def _report(self, version: str) -> bytes | None:
        if version not in self._store.versions():
            raise _no_bundle(version)
        return self._store.read_file(version, REPORT_FILE)

    def _verified(self, version: str) -> Ids:
        """Load a version as a serving process does: each file may be intact and still not fit the others."""
        # Listing bundles must not wait for the half second of this import.
        from app.services.state.bundle_reading import read_rankers  # noqa: PLC0415

        return read_rankers(self._store, version)[0].item_ids

    def _describe_all(self, activations: dict[str, Activation]) -> list[BundleVersion]:
        try:
            active = self._store.active_version()
        except StoreUnreachableError:
            raise
        except BundleError:
            active = None
        return [self._describe(version, active, activations) for version in reversed(self._store.versions())]

    def _describe(self, version: str, active: str | None, activations: dict[str, Activation]) -> BundleVersion:
        manifest: Manifest | None = None
        problem = None
        try:
            manifest = self._store.manifest(version)
        except BundleError as error:
            problem = str(error)
        latest = activations.get(version)
        verdict = None if manifest is None else manifest.gate
        return BundleVersion(
            version=version,
            active=version == active,
            created_at=None if manifest is None else manifest.created_at,
            activated_at=None if latest is None else from_microseconds(latest.activated_at),
            activated_by=None if latest is None else latest.activated_by,
            forced=latest is not None and latest.forced,
            protocol=None if manifest is None else manifest.protocol,
            metrics={} if manifest is None else manifest.metrics.get("test", {}),
            intervals={} if manifest is None else manifest.metrics.get("intervals", {}),
            data={} if manifest is None else manifest.data,
            settings={} if manifest is None else manifest.settings,
            recipe=None if manifest is None else manifest.recipe,
            size_bytes=0 if manifest is None else sum(entry.size for entry in manifest.files.values()),
            gate=None
            if verdict is None
            else Gate(passed=verdict.passed, reason=verdict.reason, against=verdict.against, checks=[*verdict.checks]),
            problem=problem,
        )


def _no_bundle(version: str) -> NotFoundError:
    return NotFoundError(f"there is no bundle {version[:80]!r}")


@contextmanager
def _reaching() -> Iterator[None]:
    """Distinguish bundles that are refused from bundles that cannot be reached."""
    try:
        yield
    except StoreUnreachableError as error:
        raise BundlesUnavailableError(str(error)) from error
    except BundleError as error:
        raise BundleRefusedError(str(error)) from error
