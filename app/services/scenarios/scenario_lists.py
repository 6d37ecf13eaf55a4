"""The list of a scenario: its definition with what the request overrides, its kinds in turn, one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from app.errors import DatabaseError, InvalidFieldsError
from app.schemas.list_fields import NO_CURSOR
from app.schemas.options import Boost, Options, Pin, all_of
from app.schemas.problems import FieldError
from app.schemas.recommendations import ListStrategy
from app.schemas.scenario_definitions import Definition, Kind
from app.schemas.scenarios import Asked, Scenario
from app.services.recommending import drift
from app.services.recommending.answers import Answer
from app.services.recommending.cursors import Cursor
from app.services.recommending.listing import Listed, Listing, ListRequest, Opened
from app.services.recommending.pages import EarlierPages
from app.services.recommending.ranking import RankedList
from app.services.recommending.request_reader import RequestReader
from app.services.recommending.rules import pinned
from app.services.scenarios.kinds import Kinds, items_of
from app.services.scenarios.variants import variants_of
from app.services.state.histories import Log
from app.storage.search_index import words_of
from models.arrays.types import Int32
from models.filters.requirements import Filter
from models.ranking.candidate_generation import NOTHING

_IN_PLACE = ("limit", "include", "diversity", "goal", "exclude_seen", "min_score", "explain")
"""What a request gives takes the place of the definition's; the others are added to it."""
_ADDED = ("exclude", "boosts")
NOTHING_OF: Mapping[Kind, str] = {
    "cart": "nothing is known to complete the cart",
    "again": "the user has nothing to come back to",
    "continue": "the user has left nothing unfinished",
}
"""Why the list of a kind is empty, where that is not a matter of filters."""
_SELECTED: Mapping[Kind, ListStrategy] = {
    "item": "similar",
    "cart": "similar",
    "popular": "popular",
    "trending": "trending",
    "newest": "newest",
    "search": "search",
}
"""What the rest of a list is based on, where its kind has nothing beyond what the first page fixed."""
_NOTHING = "the kind {} has nothing for this request"
_INSTEAD = "{}: these items are of the kind {}"


class ScenarioLists:
    """Answers with the list of a scenario."""

    def __init__(self, reader: RequestReader, listing: Listing, kinds: Kinds) -> None:
        self._reader = reader
        self._listing = listing
        self._kinds = kinds

    async def recommend(self, scenario: Scenario, asked: Asked, *, record: bool = True) -> Answer:
        """List the items of a scenario.

        Parameters
        ----------
        record
            Whether the list is counted, and the context of the request recorded.

        Raises
        ------
        InvalidFieldsError
            The request overrides what the scenario does not let it, names an unknown variant, or lacks an item or the
            words of a search.
        NotFoundError
            There is no such item.
        DatabaseError
            There is no bundle, and the log cannot be read.
        """
        log, degraded = await self._reader.log(asked.user_id)
        request, definition = await self.request(scenario, asked, log)
        listed = await self.listed(replace(request, degraded=degraded), definition, asked.item_id, q=asked.q)
        answer = await self._listing.answer(listed)
        if not record:
            return answer
        drift.answered(answer)
        return await self._reader.recorded(answer, asked.user_id, asked.context)

    async def request(
        self,
        scenario: Scenario,
        asked: Asked,
        log: Log | None,
        *,
        limit: int | None = None,
        more: Filter | None = None,
    ) -> tuple[ListRequest, Definition]:
        """Return the request for the list of a scenario, and the definition of the user's variant.

        Parameters
        ----------
        limit, more
            The service's own limit and filter, which no scenario can refuse.
        """
        _require_allowed(scenario, asked)
        possible = variants_of(scenario, asked.user_id, asked.variant, continued=asked.cursor is not None)
        for variant in possible:
            definition = scenario.definition_of(variant)
            options = options_of(definition, asked)
            options = replace(options, limit=limit or options.limit, filter=all_of([options.filter, more]))
            own = (scenario.name, str(scenario.version), variant or "", asked.item_id or "", *words_of(asked.q or ""))
            about = "\0".join(("scenario", *own, ""))
            # A cursor belongs to the variant that its list was made by.
            digest = options.digest(about + (asked.user_id or ""))
            if options.cursor is None or variant == possible[-1] or Cursor.decode(options.cursor).digest == digest:
                break
        self._reader.require(options)
        await self._kinds.require(definition, asked.item_id, asked.q)
        head = {"scenario": scenario.name, "variant": variant, "user_id": asked.user_id, "item_id": asked.item_id}
        head["query"] = asked.q
        request = await self._reader.read(asked.user_id, log, options, head=head, about=about)
        return replace(request, place=(scenario.name, variant or "")), definition

    def opened(self, request: ListRequest, definition: Definition, item_id: str | None) -> Opened:
        """Read the history of a request, and the items that its filters refer to."""
        return self._kinds.opened(request, definition.kind, item_id)

    async def listed(
        self,
        request: ListRequest,
        definition: Definition,
        item_id: str | None,
        taken: Int32 = NOTHING,
        q: str | None = None,
    ) -> Listed:
        """List one page, from the kinds of a definition in turn.

        Parameters
        ----------
        taken
            Codes of items that are not to come.
        q
            The words of a search.
        """
        opened = self.opened(request, definition, item_id)
        # The history is read and references are resolved once, and pins stand in the joined list.
        own = replace(opened, asked=replace(opened.asked, pins=()))
        found, reason = RankedList.nothing(opened.user_history.history), None
        # No kind lists what the page or the cart holds.
        held = request.serving.live.known_codes(items_of(request, definition.kind, item_id))
        known = np.concatenate([opened.earlier.known, taken, held]).astype(np.int32)
        for kind in (definition.kind, *definition.fallback):
            try:
                more, why = await self._kinds.ranked(
                    kind, replace(own, earlier=EarlierPages(delivered=known)), definition, item_id, q
                )
            except DatabaseError:
                if kind == definition.kind:
                    raise
                continue
            if len(found.items):
                found = found.followed_by(more)
            elif kind == definition.kind:
                found, reason = more, why or (None if len(more.items) else NOTHING_OF.get(kind))
            elif len(more.items):
                # A search says which words match nothing.
                why = reason if definition.kind == "search" else None
                found, reason = more, _INSTEAD.format(why or _NOTHING.format(definition.kind), kind)
            known = np.concatenate([known, more.items]).astype(np.int32)
            if len(found.items) >= request.options.limit:
                break
            # The scores of another kind have another scale.
            own = replace(own, asked=replace(own.asked, min_score=None))
        if request.options.cursor is not None:
            reason = None
        elif definition.pins:
            found = pinned(request.serving.live, found, opened.asked.pins, taken)
        ended = found.strategy == "none" and len(opened.earlier.items)
        return self._listing.closed(opened, found, _SELECTED.get(definition.kind) if ended else None, reason)


def options_of(definition: Definition, asked: Asked) -> Options:
    """Join a definition and what a request overrides."""
    own: dict[str, Any] = {name: getattr(definition, name) for name in _IN_PLACE}
    own |= {name: value for name in _IN_PLACE if (value := getattr(asked, name)) is not None}
    seen = own["exclude_seen"]
    return Options(
        limit=own["limit"],
        exclude_seen=tuple(seen) if isinstance(seen, list) else seen,
        exclude=(*definition.exclude, *asked.exclude),
        filter=all_of([definition.filter, asked.filter]),
        boosts=(
            *(Boost(one.filter, one.weight) for one in (*definition.boosts, *asked.boosts)),
            *(Boost(one.filter, -one.weight) for one in definition.buries),
        ),
        pins=tuple(Pin(pin.item_id, pin.position) for pin in definition.pins if pin.position <= own["limit"]),
        diversity=own["diversity"],
        rotation=definition.rotation,
        explain=own["explain"],
        language=asked.language or definition.language,
        goal=own["goal"],
        include=own["include"],
        min_score=own["min_score"],
        session_items=tuple(asked.session_items),
        context=asked.context,
        attributes=asked.attributes or None,
        cursor=None if asked.cursor == NO_CURSOR else asked.cursor,
        pages=asked.cursor != NO_CURSOR,
        new_item_share=definition.new_item_share,
        deadline=None if definition.deadline_ms is None else definition.deadline_ms / 1000,
    )


def _require_allowed(scenario: Scenario, asked: Asked) -> None:
    allowed: Sequence[str] = scenario.overrides
    given = {
        *(name for name in (*_IN_PLACE, "filter") if getattr(asked, name) is not None),
        *(name for name in _ADDED if getattr(asked, name)),
    }
    wrong = sorted(given - set(allowed))
    if wrong:
        detail = f"scenario {scenario.name!r} does not let a request override this"
        errors = [FieldError(field=name, code="not_overridable", detail=detail) for name in wrong]
        raise InvalidFieldsError(f"{', '.join(wrong)}: {detail}", errors)
