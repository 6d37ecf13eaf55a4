"""Pages: the part of a list that one answer holds, and the cursor that continues it."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from app.errors import CursorError
from app.schemas.options import Options
from app.schemas.recommendations import Degradation
from app.services.recommending.answers import Answer, answer
from app.services.recommending.cursors import Cursor
from app.services.recommending.ranked_lists import Listing, Maker, strategy_of
from app.services.recommending.reasons import explained, why_empty
from app.services.state.active_bundle import ActiveBundle
from app.services.state.reading import Reading
from models.arrays.types import Int32
from models.ranking.candidate_generation import NOTHING

MAX_DELIVERED = 1000
"""Items of one list, over all its pages."""
_DEPTH = 100
"""Items that are fixed with the first page; behind them a list goes on with what is best by then."""
_MAX_NAME_BYTES = 8000


class Pager:
    """Answers with one page of a list."""

    def __init__(self, maker: Maker, bundle: ActiveBundle, user_id: str | None, options: Options) -> None:
        self._maker = maker
        self._live = maker.serving.live
        self._bundle = bundle
        self._user_id = user_id
        self._options = options

    def answer(self, reading: Reading, before_deadline: Callable[[], bool], degraded: Degradation | None) -> Answer:
        """Make the list, or go on with it, and write one page.

        Raises
        ------
        CursorError
            The cursor is none of this list's.
        """
        options = self._options
        if options.cursor is None:
            before, listing = NOTHING, self._maker.make(reading, options, NOTHING, before_deadline)
        else:
            before, listing = self._continued(reading, before_deadline)
        if listing.late:
            degraded = "deadline"
        count = min(options.limit, MAX_DELIVERED - len(before))
        return answer(
            self._maker.serving,
            self._user_id,
            listing,
            count,
            first_rank=len(before) + 1,
            next_cursor=self._next(before, listing, count),
            reason=why_empty(self._maker, reading, options) if not len(listing.items) else None,
            reasons=explained(self._maker, reading, options, listing, count) if options.explain else None,
            degraded=degraded,
            known_user=None if self._user_id is None else reading.user >= 0,
        )

    def _continued(self, reading: Reading, before_deadline: Callable[[], bool]) -> tuple[Int32, Listing]:
        """Give what was delivered, and the list from there on."""
        options = self._options
        cursor = Cursor.decode(options.cursor or "")
        if cursor.digest != options.digest(self._user_id):
            raise CursorError("is the cursor of another list: ask for the next page with the same parameters")
        codes = self._codes(cursor)
        before, rest = codes[: cursor.delivered], codes[cursor.delivered :]
        shown = rest >= 0
        shown[shown] = ~self._live.blocked[rest[shown]]
        items, scores = rest[shown], cursor.scores[shown]
        before = before[before >= 0]
        # A page that takes all that was fixed has to know whether anything follows.
        if len(items) > options.limit or len(before) >= MAX_DELIVERED:
            return before, Listing(items, scores, strategy_of(self._maker.serving, reading, options), reading.history)
        more = self._maker.make(reading, options, np.concatenate([before, items]), before_deadline)
        # What follows is of another moment: its scores only go on downwards.
        ceiling = scores[-1] if len(scores) else np.float32(np.inf)
        joined = np.concatenate([items, more.items])
        return before, replace(
            more,
            items=joined,
            scores=np.concatenate([scores, np.minimum(more.scores, ceiling)]),
            strategy=strategy_of(self._maker.serving, reading, options) if len(joined) else "none",
        )

    def _codes(self, cursor: Cursor) -> Int32:
        """Give the codes of a cursor's items as they are now; -1 for those that are not known any more."""
        item_ids = self._bundle.item_ids(cursor.version)
        if item_ids is None:
            raise CursorError("belongs to a bundle that is not in use any more: ask for the first page again")
        names = iter(cursor.names)
        codes = cursor.codes.tolist()
        ids = [item_ids[code].decode() if 0 <= code < len(item_ids) else next(names, "") for code in codes]
        return self._live.codes(ids)

    def _next(self, before: Int32, listing: Listing, count: int) -> str | None:
        """Give the cursor of the next page; None where the list has come to its end."""
        items = listing.items[: max(_DEPTH, count)]
        delivered, rest = len(before) + min(count, len(items)), len(items) - count
        if rest < 0 or count < self._options.limit or delivered >= MAX_DELIVERED:
            return None
        if rest == 0 and len(listing.items) < _DEPTH:
            return None
        codes = np.concatenate([before, items]).astype(np.int32) if len(before) else items
        names: tuple[str, ...] = ()
        if len(self._live) > self._live.n_items:
            unnamed = codes >= self._live.n_items
            names = tuple(self._live.item_id(code) for code in codes[unnamed].tolist())
            if sum(map(len, names)) + len(names) > _MAX_NAME_BYTES:
                return None
            codes = np.where(unnamed, np.int32(-1), codes)
        scores = np.ascontiguousarray(listing.scores[count : count + rest], dtype=np.float32)
        digest = self._options.digest(self._user_id)
        return Cursor(self._maker.serving.version, digest, delivered, codes, scores, names).encode()
