"""The bundle in use: loaded at start-up, replaced when another one is activated."""

import asyncio
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Literal

import structlog

from app.services.state.bundle_origin import BundleOrigin
from app.services.state.bundle_reading import read_rankers
from app.services.state.erased_users import ErasedUsers
from app.services.state.live_items import LiveItems
from app.services.state.serving import Serving
from models.arrays.types import Ids
from models.bundle.errors import BundleError, BundleUnreadableError
from models.bundle.store import BundleStore
from models.data.strengths import StrengthScale
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker
from models.recommenders.vectors import Vectors

_POLL_SECONDS = 1.0
_RETRY_SECONDS = 30.0
_KEPT_IDS = 3
"""Earlier bundles whose item ids are kept, so that cursors stay valid after a change of the bundle."""
_TRAIN = "popular items are served instead: run `braid train`, which makes a bundle that this version of Braid reads"
_FOREIGN = "popular items are served instead: run `braid train`, or force it with `braid bundles activate --force`"
_ADVICE = {"unreadable": _TRAIN, "foreign": _FOREIGN}
_log = structlog.get_logger(__name__)
Status = Literal["ok", "none", "unreadable", "foreign", "failed"]


class ActiveBundle:
    """Holds the serving state; it has no ranker before the first bundle, or if the bundle was refused.

    Parameters
    ----------
    store
        Where bundles are published and activated.
    items
        Keeps the catalogue up to date.
    erased_users
        The users whom a bundle must not show.
    origin
        Tells which bundles are of another database.
    scale
        How interactions become strengths while there is no bundle.
    """

    def __init__(
        self,
        store: BundleStore,
        items: LiveItems,
        erased_users: ErasedUsers,
        origin: BundleOrigin,
        scale: StrengthScale,
    ) -> None:
        self.store = store
        self.refusal: str | None = None
        self._refused_as: Status = "failed"
        self._origin = origin
        self._items = items
        self._erased_users = erased_users
        self._scale = scale
        self.serving = Serving(None, LiveCatalogue(Knowledge.fit(None, KnowledgeConfig())), scale)
        items.track(self.serving.live, 0)
        self._former: dict[str, Ids] = {}
        self._tried: str | None = None
        self._read: dict[str, str] = {}
        """Digests of the manifests of the bundle in use and of those of its further goals."""
        self._may_be_rewritten = False
        self._retry_at = 0.0
        self._loading = asyncio.Lock()
        self._woken = asyncio.Event()

    @property
    def ranker(self) -> Ranker | None:
        """The ranker of the bundle in use."""
        return self.serving.ranker

    @property
    def state(self) -> tuple[Status, str]:
        """Return the state of the bundle and a detail in words.

        `unreadable` is an intact bundle in the format of another version of Braid, `foreign` one of another database:
        the process serves without it. `failed` is a bundle that is damaged or missing.
        """
        if self.ranker is not None:
            return "ok", self.ranker.version if self.refusal is None else f"{self.ranker.version}; {self.refusal}"
        if self.refusal is not None:
            advice = _ADVICE.get(self._refused_as)
            return self._refused_as, self.refusal if advice is None else f"{self.refusal}; {advice}"
        return "none", "no bundle yet: `braid train` makes one"

    def item_ids(self, version: str | None) -> Ids | None:
        """Return the item ids of the bundle in use, or of a recent one, in the order of their codes."""
        if version == self.serving.version or version in self.serving.versions:
            return self.serving.live.item_ids
        return None if version is None else self._former.get(version)

    async def start(self) -> None:
        """Load the catalogue and, if there is one, the bundle."""
        await self.load()
        if self.ranker is None:
            await self._items.prepare(self.serving.live, 0)

    async def load(self) -> None:
        """Load the active bundle if it is not the one in use; one that is refused changes nothing else.

        Requests are answered meanwhile, and the change drops none.
        """
        async with self._loading:
            loaded = await asyncio.to_thread(self._load)
            if loaded is None:
                return
            ranker, further = loaded
            foreign = await self._origin.refusal(ranker.version, ranker.item_ids)
            if foreign is None:
                self.refusal = None
                await self._exchange(ranker, further)
            else:
                self._refuse(foreign, ranker.version, "foreign")

    async def _exchange(self, ranker: Ranker, further: Mapping[str, Ranker]) -> None:
        alike = None if ranker.similar is None else ranker.similar.content
        vectors = ranker.recommenders.get(Vectors.signals[0])
        live = LiveCatalogue(ranker.knowledge, ranker.content, alike, vectors if isinstance(vectors, Vectors) else None)
        serving = Serving(ranker, live, self._scale, further)
        await self._items.prepare(live, ranker.catalogue_at)
        await self._erased_users.hide_in(serving)
        if self.ranker is not None:
            self._former |= dict.fromkeys(self.serving.versions, self.serving.live.item_ids)
            while len({id(ids) for ids in self._former.values()}) > _KEPT_IDS:
                del self._former[next(iter(self._former))]
        self.serving = serving
        self._items.track(live, ranker.catalogue_at)
        _log.info("bundle loaded", version=ranker.version)
        with suppress(BundleError, OSError):
            # Local copies of versions that were removed from the store.
            await asyncio.to_thread(self.store.sweep)

    def _load(self) -> tuple[Ranker, dict[str, Ranker]] | None:
        """Verify and load the active bundle; None where it is in use already, or refused.

        A damaged version, or one of another database, is tried again after a while, because reading it every second
        would cost too much. One that this version of Braid cannot read is not tried again.
        """
        version, loaded = None, None
        try:
            version = self.store.active_version()
            unreadable = self._refused_as == "unreadable"
            settled = self.refusal is None or unreadable or time.monotonic() < self._retry_at
            if version == self._tried and settled and not self._is_rewritten():
                return None
            self._tried = version
            if version is not None:
                # First: what is rewritten after this is read again.
                digests = self._digests(version)
                loaded = read_rankers(self.store, version)
                self._read = digests
            else:
                self.refusal = None
        except (BundleError, OSError) as error:
            self._refuse(str(error), version, "unreadable" if isinstance(error, BundleUnreadableError) else "failed")
        except Exception as error:  # noqa: BLE001 - a bundle never ends the process
            _log.exception("bundle refused")
            self._refuse(f"{self.store.place}: {type(error).__name__}: {error}", version)
        return loaded

    def _is_rewritten(self) -> bool:
        """Tell whether the bundle in use has other arrays by now; looked up only after a call of `wake`."""
        asked, self._may_be_rewritten = self._may_be_rewritten, False
        return asked and self._tried is not None and bool(self._read) and self._digests(self._tried) != self._read

    def _digests(self, version: str) -> dict[str, str]:
        """Return those of a version and of its further goals; the present ones where they cannot be read."""
        try:
            versions = (version, *self.store.manifest(version).goals.values())
            return {one: self.store.digest(one) for one in versions}
        except BundleError:
            return self._read

    def _refuse(self, reason: str, version: str | None, status: Status = "failed") -> None:
        self._tried = version
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        if self.refusal != reason:
            in_use = self.ranker and self.ranker.version
            more = {"advice": _ADVICE[status]} if status in _ADVICE and in_use is None else {}
            _log.error("bundle refused", reason=reason, in_use=in_use, **more)
        self.refusal, self._refused_as = reason, status

    async def wake(self, versions: Collection[str] | None) -> None:
        """Look for another active version now, or other arrays of the same one.

        `versions` are those activated or rewritten, None if they are unknown.
        """
        if versions is None or versions:
            self._may_be_rewritten = True
            if self._refused_as == "foreign":
                # By now it may be recorded that its activation was forced.
                self._retry_at = 0.0
            self._woken.set()

    async def run(self) -> None:
        """Load each bundle that is activated, for as long as the process lives."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            await self.load()
