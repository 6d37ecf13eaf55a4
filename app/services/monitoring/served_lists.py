"""What lists this service has served: a request id comes from a client, which may have invented it."""

import asyncio
from dataclasses import dataclass
from typing import get_args

import structlog

from app.schemas.recommendations import ListStrategy
from app.services.recommending.answers import NO_BUNDLE
from app.services.recommending.request_ids import UNKNOWN, Origin
from app.services.scenarios.definitions import Scenarios
from app.storage.activations import ActivationStore
from models.bundle.errors import BundleError
from models.bundle.store import BundleStore

_STRATEGIES = frozenset(name for part in get_args(ListStrategy) for name in (get_args(part) or (part,)))
_UNKNOWN = Origin(UNKNOWN, UNKNOWN)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Served:
    """Bundles that were active or are stored, and the variants of all scenarios that there have been."""

    versions: frozenset[str]
    variants: dict[str, frozenset[str]]

    def known(self, origin: Origin) -> Origin:
        """Return an origin if such a list may have been served, otherwise an unknown one."""
        if origin.bundle_version not in self.versions or origin.strategy not in _STRATEGIES:
            return _UNKNOWN
        if origin.scenario is not None:
            variants = self.variants.get(origin.scenario)
            if variants is None or not (origin.variant is None or origin.variant in variants):
                return _UNKNOWN
        return origin


class ServedLists:
    """Finds out what lists there have been."""

    def __init__(self, activations: ActivationStore, bundles: BundleStore, scenarios: Scenarios) -> None:
        self._activations = activations
        self._bundles = bundles
        self._scenarios = scenarios

    async def find(self) -> Served:
        """Read it.

        Raises
        ------
        DatabaseError
            The database does not answer.
        """
        versions = {NO_BUNDLE, *await self._activations.latest()}
        try:
            versions.update(await asyncio.to_thread(self._bundles.versions))
        except BundleError as error:
            # Those that were activated are on record.
            _log.warning("bundles not listed", reason=str(error))
        return Served(frozenset(versions), await self._scenarios.variants_so_far())
