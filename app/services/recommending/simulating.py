"""Simulated acts: the list that a user would get after doing something, without storing that it was done."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.schemas.options import Options
from app.services.recommending.answers import Answer
from app.services.recommending.listing import Listing
from app.services.recommending.request_reader import RequestReader
from app.services.state.active_bundle import ActiveBundle
from app.services.state.histories import Log
from app.storage.interactions import LogEntry
from app.times import clock

_FIRST_NUMBER = 2**62
"""Numbers of simulated acts in a log: above those of all that are stored."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something that a user might do with an item."""

    event_type: str
    item_id: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """What ranks the lists of this process.

    `goals` are those of the bundle. `network_share` is the share of the network in the scores, and `content_share` that
    of descriptions in the neighbours' part of them, as training chose; None where there is nothing to choose.
    """

    bundle_version: str | None
    goals: Sequence[str]
    network_share: float | None
    content_share: float | None


class SimulatingService:
    """Answers with the list of a user after acts that nobody has stored.

    Nothing of it is kept: neither the acts, nor a context, nor a count of the list.
    """

    def __init__(self, bundle: ActiveBundle, reader: RequestReader, listing: Listing) -> None:
        self._bundle = bundle
        self._reader = reader
        self._listing = listing

    async def recommend(self, user_id: str | None, acts: Sequence[Act], options: Options) -> Answer:
        """Rank items for a user, or for nobody known, as if the acts had just been stored, in their order.

        Raises
        ------
        UnknownGoalError
            The bundle is not trained for the goal.
        DatabaseError
            The database cannot be reached, and there is neither a bundle nor a count of interactions in memory.
        """
        started = time.monotonic()
        log, degraded = await self._reader.log(user_id)
        if acts:
            log = (log or Log()).with_events(_events(acts))
        request = await self._reader.read(user_id, log, options, started=started, degraded=degraded)
        return await self._listing.answer(self._listing.listed(request))

    def ranking(self) -> Ranking:
        """Return what ranks the lists at this moment."""
        serving = self._bundle.serving
        ranker = serving.ranker
        network = content = None
        if ranker is not None:
            network = None if ranker.network is None else ranker.weight_of("network_weight")
            content = ranker.content_share if 0 < ranker.content_share < 1 else None
        return Ranking(serving.version, serving.goals, network, content)


def _events(acts: Sequence[Act]) -> list[LogEntry]:
    """Return acts as the last rows of a log: a microsecond apart, as those of one moment have no order."""
    now = int(clock.seconds() * 1e6)
    return [
        (now + number, _FIRST_NUMBER + number, act.item_id, act.event_type, None) for number, act in enumerate(acts)
    ]
