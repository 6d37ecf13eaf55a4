"""The bundle in use: loaded at start-up, exchanged when another one is activated."""

import asyncio
import time
from typing import Literal

import structlog

from models.bundle.errors import BundleError
from models.bundle.store import BundleStore
from models.ranking.ranker import Ranker

_POLL_SECONDS = 1.0
_RETRY_SECONDS = 30.0
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
        self._retry_at = 0.0

    @property
    def state(self) -> tuple[Literal["ok", "none", "failed"], str]:
        """Give the state of the bundle and what there is to know about it."""
        if self.ranker is not None:
            return "ok", self.ranker.version if self.refusal is None else f"{self.ranker.version}; {self.refusal}"
        if self.refusal is not None:
            return "failed", self.refusal
        return "none", "no bundle yet: `braid train` makes one"

    def load(self) -> None:
        """Load the active bundle if it is not the one in use; one that is refused changes nothing else.

        The same refused version is tried again after a while: reading all of it every second would be a load.
        """
        version = None
        try:
            version = self.store.active_version()
            if version == self._tried and (self.refusal is None or time.monotonic() < self._retry_at):
                return
            self._tried = version
            if version is not None:
                self.ranker = Ranker.load(self.store.load(version))
                _log.info("bundle loaded", version=version)
            self.refusal = None
        except (BundleError, OSError) as error:
            self._refuse(str(error), version)
        except Exception as error:  # noqa: BLE001 - a bundle never ends the process
            _log.exception("bundle refused")
            self._refuse(f"{self.store.root / (version or '')}: {type(error).__name__}: {error}", version)

    def _refuse(self, reason: str, version: str | None) -> None:
        self._tried = version
        self._retry_at = time.monotonic() + _RETRY_SECONDS
        if self.refusal != reason:
            _log.error("bundle refused", reason=reason, in_use=self.ranker and self.ranker.version)
        self.refusal = reason

    async def watch(self) -> None:
        """Follow activations, for as long as the process lives; loading does not hold up requests."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            await asyncio.to_thread(self.load)
