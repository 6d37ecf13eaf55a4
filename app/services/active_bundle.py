"""The bundle in use: loaded at start-up, exchanged when another one is activated."""

import asyncio
from typing import Literal

import structlog

from models.bundle.errors import BundleError
from models.bundle.store import BundleStore
from models.ranking.ranker import Ranker

_POLL_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class ActiveBundle:
    """Holds the ranker of the active bundle; None before the first one, or where it was refused.

    Parameters
    ----------
    store
        Where bundles are published and activated.
    """

    def __init__(self, store: BundleStore) -> None:
        self.store = store
        self.ranker: Ranker | None = None
        self.refusal: str | None = None
        self._tried: str | None = None

    @property
    def state(self) -> tuple[Literal["ok", "none", "failed"], str]:
        """Give the state of the bundle and what there is to know about it."""
        if self.ranker is not None:
            return "ok", self.ranker.version if self.refusal is None else f"{self.ranker.version}; {self.refusal}"
        if self.refusal is not None:
            return "failed", self.refusal
        return "none", "no bundle yet: `braid train` makes one"

    def load(self) -> None:
        """Load the active bundle if it is not the one in use; one that is refused changes nothing else."""
        try:
            version = self.store.active_version()
            if version == self._tried and self.refusal is None:
                return
            self._tried = version
            if version is None:
                return
            self.ranker = Ranker.load(self.store.load(version))
        except (BundleError, OSError) as error:
            if self.refusal != str(error):
                _log.error("bundle refused", reason=str(error), in_use=self.ranker and self.ranker.version)
            self.refusal = str(error)
        else:
            self.refusal = None
            _log.info("bundle loaded", version=version)

    async def watch(self) -> None:
        """Follow activations, for as long as the process lives; loading does not hold up requests."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            await asyncio.to_thread(self.load)
