"""Erased users in the stored bundles: their ids and histories go, and then they need not be remembered any more."""

import asyncio
from collections.abc import Awaitable, Callable, Collection

import structlog

from app.errors import BraidError
from app.storage.changes import ChangeStore
from app.storage.log_readers import LogReaders
from app.storage.masks import Mask, MaskStore
from models.bundle.errors import BundleError
from models.bundle.manifest import KNOWN_MASKS
from models.bundle.store import BundleStore

_EVERY_SECONDS = 60.0
_log = structlog.get_logger(__name__)


async def nothing(_: Collection[str]) -> None:
    """Do nothing: a process that serves no bundle has none to load again."""


class BundleErasure:
    """Takes erased users out of all bundles of the store, and forgets masks of users whom no bundle holds.

    Users are hidden by their masks from the moment on at which they are erased; this is about what the files hold.

    Parameters
    ----------
    on_rewritten
        Called with the versions that were rewritten; the other processes learn of them by the change feed.
    """

    def __init__(
        self,
        masks: MaskStore,
        readers: LogReaders,
        bundles: BundleStore,
        changes: ChangeStore,
        on_rewritten: Callable[[Collection[str]], Awaitable[None]] = nothing,
    ) -> None:
        self._masks = masks
        self._readers = readers
        self._bundles = bundles
        self._changes = changes
        self._on_rewritten = on_rewritten
        self._absent: dict[str, frozenset[str]] = {}
        """Tokens of masks of users whom a bundle does not hold, by the digest of its manifest."""

    async def run(self) -> None:
        """Clean the bundles now and every minute, for as long as the process lives."""
        while True:
            try:
                await self.clean()
            except (BraidError, BundleError, OSError) as error:
                _log.error("erased users are still in bundles, hidden", reason=str(error))
            await asyncio.sleep(_EVERY_SECONDS)

    async def clean(self, *, without_bundles: bool = False) -> list[str]:
        """Rewrite the bundles that hold erased users, and forget masks that no bundle needs.

        Parameters
        ----------
        without_bundles
            Whether masks are forgotten even if the store is empty: another machine may have another store.

        Returns
        -------
        list
            The versions that were rewritten.
        """
        masks = await self._masks.all()
        if not masks:
            return []
        erased = [mask for mask in masks if mask.erased]
        rewritten: list[str] = []
        failed: list[str] = []
        if erased:
            async with self._readers.rewriting() as alone:
                if not alone:
                    return []
                rewritten, failed = await asyncio.to_thread(self._rewrite, erased)
        if rewritten:
            _log.info("bundles rewritten without erased users", versions=rewritten)
            async with self._changes.writing() as connection:
                await self._changes.record(connection, "bundles", rewritten)
            await self._on_rewritten(rewritten)
        # A training run that began before an erasure publishes a bundle with the user: its mask is needed until then.
        async with self._readers.none() as alone:
            if alone:
                await self._masks.forget(await asyncio.to_thread(self._needless, masks, failed, without_bundles))
        return rewritten

    def _rewrite(self, masks: Collection[Mask]) -> tuple[list[str], list[str]]:
        """Rewrite bundles; return the versions that were rewritten, and those where that failed."""
        rewritten, failed = [], []
        for version in self._bundles.published():
            try:
                if self._rewrite_one(version, masks):
                    rewritten.append(version)
            except (BundleError, OSError) as error:
                _log.error("erased users may still be in a bundle, hidden", version=version, reason=str(error))
                failed.append(version)
        return rewritten, failed

    def _rewrite_one(self, version: str, masks: Collection[Mask]) -> bool:
        from models.ranking.erased_users import arrays_without  # noqa: PLC0415 - half a second, for commands

        finished = self._bundles.finish_replacing(version)
        gone = [mask.user_id for mask in self._held(version, masks)]
        return bool(gone and self._bundles.replace_arrays(version, lambda one: arrays_without(one, gone))) or finished

    def _needless(self, masks: Collection[Mask], failed: Collection[str], without_bundles: bool) -> list[Mask]:
        versions = self._bundles.published()
        if (not versions and not without_bundles) or set(failed) & set(versions):
            return []
        needed = {mask for version in versions for mask in self._possibly_held(version, masks)}
        return [mask for mask in masks if mask not in needed]

    def _possibly_held(self, version: str, masks: Collection[Mask]) -> Collection[Mask]:
        try:
            return self._held(version, masks)
        except (BundleError, OSError) as error:
            _log.warning("masks are kept for a bundle that cannot be read", version=version, reason=str(error))
            return masks

    def _held(self, version: str, masks: Collection[Mask]) -> list[Mask]:
        """Return the masks of users whom a bundle holds from before they were masked."""
        from models.ranking.erased_users import USER_IDS, holds  # noqa: PLC0415 - as above

        known = set(self._bundles.manifest(version).data.get(KNOWN_MASKS) or ())
        digest = self._bundles.digest(version)
        absent = self._absent.get(digest, frozenset())
        looked_for = {mask.user_id: mask for mask in masks if mask.token not in known | absent}
        if not looked_for:
            return []
        user_ids = self._bundles.read_array(version, USER_IDS)
        held = [looked_for[one] for one in holds(user_ids, list(looked_for))]
        self._absent[digest] = absent | {mask.token for mask in looked_for.values()} - {mask.token for mask in held}
        return held
