"""Pages: the part of a list that one answer holds, and the cursor that continues it."""

from dataclasses import dataclass, field, replace

import numpy as np

from app.errors import CursorError
from app.schemas.options import Options
from app.schemas.recommendations import ListStrategy
from app.services.recommending.cursors import Cursor
from app.services.recommending.ranking import DEPTH, RankedList
from app.services.state.serving import Serving
from models.arrays.types import Float32, Ids, Int32
from models.ranking.candidate_generation import NOTHING
from models.ranking.live_catalogue import LiveCatalogue

MAX_DELIVERED = 1000
"""Items of one list, over all its pages."""
_MAX_NAME_BYTES = 8000


@dataclass(frozen=True)
class EarlierPages:
    """What a cursor holds of a list; empty for the first page.

    `delivered` are the codes (int32) of the items of earlier pages. `items`, codes as well, with their `scores`
    (float32) come next: the first page fixed them. Items that may not be shown any more are missing.
    """

    delivered: Int32 = field(default_factory=lambda: NOTHING)
    items: Int32 = field(default_factory=lambda: NOTHING)
    scores: Float32 = field(default_factory=lambda: np.empty(0, dtype=np.float32))

    def fills_page(self, limit: int) -> bool:
        """Return whether the fixed items fill the page; one more than fits shows that another page follows."""
        return len(self.items) > limit or len(self.delivered) >= MAX_DELIVERED

    @property
    def known(self) -> Int32:
        """The codes of all items that a continuation must not repeat."""
        return np.concatenate([self.delivered, self.items])


@dataclass(frozen=True)
class Page:
    """The items of one answer: codes, int32, with their scores, float32; `next_cursor` is None on the last page."""

    items: Int32
    scores: Float32
    first_rank: int
    next_cursor: str | None


def earlier_pages(cursor: Cursor, digest: bytes, item_ids: Ids | None, live: LiveCatalogue) -> EarlierPages:
    """Read a cursor in the codes of the catalogue as it is now.

    Parameters
    ----------
    digest
        `Options.digest` of the requested list.
    item_ids
        The ids of the bundle that the cursor belongs to, by their codes; None where they are not kept any more.

    Raises
    ------
    CursorError
        It belongs to another list, or to a bundle that is no longer kept.
    """
    if cursor.digest != digest:
        raise CursorError("belongs to another list: send it with the parameters of the first page")
    if item_ids is None:
        raise CursorError("belongs to a bundle that is no longer in use: ask for the first page again")
    if cursor.delivered > MAX_DELIVERED or cursor.codes.max(initial=-1) >= len(item_ids):
        raise CursorError("holds what this service has not written: ask for the first page again")
    names = iter(cursor.names)
    ids = [item_ids[code].decode() if code >= 0 else next(names) for code in cursor.codes.tolist()]
    codes = live.codes(ids)
    delivered, rest = codes[: cursor.delivered], codes[cursor.delivered :]
    shown = rest >= 0
    shown[shown] = ~live.blocked[rest[shown]]
    return EarlierPages(delivered[delivered >= 0], rest[shown], cursor.scores[shown])


def continued(earlier: EarlierPages, more: RankedList, strategy: ListStrategy) -> RankedList:
    """Put the items that the first page fixed before those that are ranked now, so that scores never rise."""
    if not len(earlier.items):
        return more
    selections = more.selections
    if selections and selections[0][0].strategy == strategy:
        selections = ((selections[0][0], earlier.items), *selections)
    return replace(
        more,
        items=np.concatenate([earlier.items, more.items]),
        scores=np.concatenate([earlier.scores, np.minimum(more.scores, earlier.scores[-1])]),
        strategy=strategy,
        selections=selections,
    )


def cut_page(serving: Serving, options: Options, digest: bytes, earlier: EarlierPages, found: RankedList) -> Page:
    """Cut one page from the front of a list, and write the cursor of the next one.

    Parameters
    ----------
    digest
        `Options.digest` of the list.
    """
    before = len(earlier.delivered)
    count = min(options.limit, MAX_DELIVERED - before)
    items = found.items[: max(DEPTH, count)]
    delivered, rest = before + min(count, len(items)), len(items) - count
    full = rest >= 0 and count == options.limit and delivered < MAX_DELIVERED
    # A list that ends exactly here has no further page; one that was cut off at the depth may have.
    more = full and (rest > 0 or len(found.items) >= DEPTH)
    cursor = None
    if more and options.pages:
        codes = np.concatenate([earlier.delivered, items]).astype(np.int32) if before else items
        scores = np.ascontiguousarray(found.scores[count : count + rest], dtype=np.float32)
        cursor = _cursor(serving, digest, delivered, codes, scores)
    return Page(items[:count], found.scores[:count], before + 1, cursor)


def _cursor(serving: Serving, digest: bytes, delivered: int, codes: Int32, scores: Float32) -> str | None:
    """Write a cursor; None where the ids of items without a code in the bundle would take too much room."""
    live = serving.live
    names: tuple[str, ...] = ()
    if len(live) > live.n_items:
        unnamed = codes >= live.n_items
        names = tuple(live.item_id(code) for code in codes[unnamed].tolist())
        if sum(len(name.encode()) for name in names) + len(names) > _MAX_NAME_BYTES:
            return None
        codes = np.where(unnamed, np.int32(-1), codes)
    return Cursor(serving.version, digest, delivered, codes, scores, names).encode()
