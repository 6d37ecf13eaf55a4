"""What answers are made from at one moment: a bundle's ranker, and the catalogue as it is now."""

import time
from collections.abc import Collection, Sequence
from itertools import count

from app.services.state.reading import LogEntry, Reading, read
from models.data.strengths import StrengthScale
from models.ranking.erased_users import hide_users
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker

_numbers = count(1)


class Serving:
    """One ranker with the live catalogue that shares its codes; both are exchanged together.

    Parameters
    ----------
    ranker
        None before the first bundle.
    live
        The catalogue, with the codes of the ranker.
    scale
        How interactions become strengths where there is no bundle to say so.
    """

    def __init__(self, ranker: Ranker | None, live: LiveCatalogue, scale: StrengthScale) -> None:
        self.ranker = ranker
        self.live = live
        # What remembers which state it was made from remembers this: the state itself would stay in memory.
        self.number = next(_numbers)
        self._hidden: set[str] = set()
        self.scale = scale if ranker is None else ranker.retriever.config.scale

    @property
    def version(self) -> str | None:
        """The version of the bundle."""
        return None if self.ranker is None else self.ranker.version

    def hide(self, user_ids: Collection[str]) -> None:
        """Let the bundle say nothing about some of its users; answers that were made before are not used any more."""
        new = set(user_ids) - self._hidden
        if not new:
            return
        self._hidden |= new
        if self.ranker is not None:
            hide_users(self.ranker, sorted(self._hidden))
        self.number = next(_numbers)

    def tick(self) -> None:
        """Let the items that may be shown at this moment into answers, and keep the others out."""
        gone, back = self.live.tick(time.time())
        if self.ranker is not None and len(gone) + len(back):
            self.ranker.retriever.block(gone)
            self.ranker.retriever.unblock(back)

    def read(self, user_id: str | None, events: Sequence[LogEntry], session_items: Sequence[str] = ()) -> Reading:
        """Read a user's log in the codes of the bundle; a hidden user is a stranger to it."""
        user_id = None if user_id in self._hidden else user_id
        return read(events, user_id, self.scale, self.live, self.ranker, session_items)
