"""Pages: the part of a list that one answer holds."""

from collections.abc import Callable

from app.schemas.options import Options
from app.schemas.recommendations import Degradation
from app.services.active_bundle import ActiveBundle
from app.services.answers import Answer, answer
from app.services.listing import Maker
from app.services.reading import Reading
from models.ranking.drawing import NOTHING


class Pager:
    """Answers with one page of a list."""

    def __init__(self, maker: Maker, bundle: ActiveBundle, user_id: str | None, options: Options) -> None:
        self._maker = maker
        self._bundle = bundle
        self._user_id = user_id
        self._options = options

    def answer(self, reading: Reading, in_time: Callable[[], bool], degraded: Degradation | None) -> Answer:
        """Make the list, or go on with it, and write one page."""
        listing = self._maker.make(reading, self._options, NOTHING, in_time)
        if listing.late:
            degraded = "deadline"
        return answer(self._maker.serving, self._user_id, listing, self._options.limit, degraded=degraded)
