"""Search: the items that have the words of a query, as lists that follow the request and the user."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from app.schemas.options import Options
from app.schemas.recommendations import ListStrategy
from app.services.kit.database_timeout import with_timeout
from app.services.popularity.selection import Selection, highest, nothing
from app.services.recommending.answers import Answer
from app.services.recommending.candidate_queries import candidate_query
from app.services.recommending.listing import Listing, Opened
from app.services.recommending.origins import Origin
from app.services.recommending.ranking import DEPTH, RankedList
from app.services.recommending.request_reader import RequestReader
from app.services.state.serving import Serving
from app.storage.search import SearchStore
from app.storage.search_index import words_of
from models.ranking.candidate_generation import CandidateQuery

_SCORED = 1000
_SCORED_OF_NARROW = 20_000
"""Matches that are scored where a filter leaves too few of the first ones."""

_NO_MATCH = "no item matches {}"
_UNWANTED = "no item that meets the request matches {}"
_NOT_IN_MEMORY = "the items that match {} wait for the next bundle: this process has no room for more new items"


class SearchService:
    """Answers with the items that match the words of a query."""

    def __init__(self, search: SearchStore, reader: RequestReader, listing: Listing) -> None:
        self._search = search
        self._reader = reader
        self._listing = listing

    async def search(self, text: str, user_id: str | None, options: Options) -> Answer:
        """Return the items that match best; for a user, in an order that fits what the user likes.

        Raises
        ------
        InvalidFieldsError
            `exclude_seen` names an event type that is not configured, or a filter refers to an item.
        DatabaseError
            The index cannot be read.
        """
        self._reader.require(options)
        if options.exclude_seen is None:
            # Who searches for a thing by its name finds it, bought or not.
            options = replace(options, exclude_seen=False)
        log, degraded = await self._reader.log(user_id)
        head = {"query": text, "user_id": user_id}
        about = "\0".join(("search", *words_of(text), ""))
        request = await self._reader.read(user_id, log, options, degraded=degraded, head=head, about=about)
        opened = self._listing.opened(request)
        found, reason = await self.ranked(opened, text)
        strategy: ListStrategy = "search" if len(found.items) or len(opened.earlier.items) else "none"
        why = reason if options.cursor is None else None
        return await self._listing.answer(self._listing.closed(opened, found, strategy, why))

    async def ranked(self, opened: Opened, text: str) -> tuple[RankedList, str | None]:
        """Rank the items that match, without those of earlier pages; return also why there are none.

        Raises
        ------
        DatabaseError
            The index cannot be read.
        """
        serving, words = opened.request.serving, words_of(text)
        query = candidate_query(
            serving, opened.user_history, opened.asked, opened.earlier.known, favour_new_items=False
        )
        selection, reason = nothing(), f"{text!r} has no word to search for"
        if words:
            selection, why = await self._select(serving, words, query, max(DEPTH, opened.asked.limit) + 1)
            reason = why.format(repr(text))
        found = self._listing.arranged(opened, query, selection, Origin("search"))
        return found, None if len(selection.items) else reason

    async def _select(
        self, serving: Serving, words: Sequence[str], query: CandidateQuery, limit: int
    ) -> tuple[Selection, str]:
        """Select the best matches that the request wants, and tell why there might be none."""
        live = serving.live
        narrow = query.wanted is not None or query.only is not None
        selection, reason = nothing(), _NO_MATCH
        for most in (_SCORED, _SCORED_OF_NARROW):
            rows = await with_timeout(self._search.matching(words, most))
            codes = live.codes([item_id for item_id, _ in rows])
            scores = np.array([score for _, score in rows], dtype=np.float32)
            selection = highest(live, codes[codes >= 0], scores[codes >= 0], query, limit)
            if rows:
                reason = _UNWANTED if codes.max() >= 0 else _NOT_IN_MEMORY
            if not narrow or len(rows) < most or len(selection.items) >= limit:
                break
        return selection, reason
