"""Reasons: why an item is in a list, and why a list is empty."""

from collections.abc import Iterator
from textwrap import shorten
from typing import Any

import numpy as np

from app.schemas.options import Options
from app.services.recommending.ranking import RankedList, rank
from app.services.state.histories import Log
from app.services.state.serving import Serving
from app.services.state.user_history import UserHistory, known_attributes
from models.arrays.types import Int32
from models.filters.relaxations import in_words, relax
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.explanation import Reason, explain
from models.ranking.live_catalogue import LiveCatalogue

_MAX_NAMED = 3
_MAX_LENGTH = 300
"""Characters of the part of a filter that is named."""
_POPULAR = [Reason("popularity", 1.0)]


def explained(
    serving: Serving,
    user_history: UserHistory,
    options: Options,
    found: RankedList,
    items: Int32,
    log: Log | None,
) -> list[list[dict[str, Any]]]:
    """Return the reasons for some items of a list, as the wire model `Reason` has them.

    Parameters
    ----------
    log
        Of the user, with the attributes that some reasons name.
    """
    codes, attributes = items.tolist(), known_attributes(log, options.attributes)
    reasons: dict[int, list[Reason]] = {}
    if serving.ranker is not None:
        ranked = found.ranked
        if ranked is None or not np.isin(items, ranked.candidates.items).all():
            # Pinned, or fixed by an earlier page: these items are scored by themselves, as of now.
            ranked = rank(serving, user_history, options, CandidateQuery(only=items)).ranked
        if ranked is not None:
            places = {code: place for place, code in enumerate(ranked.candidates.items.tolist())}
            scored = [code for code in codes if code in places]
            own = [places[code] for code in scored]
            why = explain(serving.ranker, found.history, ranked, own, attributes, options.context)
            reasons = dict(zip(scored, why, strict=True))
    return [_written(reasons.get(code, _POPULAR), serving.live) for code in codes]


def _written(reasons: list[Reason], live: LiveCatalogue) -> list[dict[str, Any]]:
    return [
        {
            "strand": reason.strand,
            "share": reason.share,
            "because": [{"item_id": live.item_id(code), "share": share} for code, share in reason.because],
            **({} if reason.words is None else {"words": reason.words}),
        }
        for reason in reasons
    ]


def why_empty(live: LiveCatalogue, user_history: UserHistory, options: Options, found: RankedList) -> str:
    """Explain in plain words why a list is empty, and which part of its filter causes it."""
    if found.below_min_score and options.min_score is not None:
        return f"no item has a score of {options.min_score:g} or more"
    cause = next(cause for holds, cause in _causes(live, user_history, options) if holds)
    return (
        cause if options.filter is None or options.cursor is not None else cause + _way_out(live, user_history, options)
    )


def _way_out(live: LiveCatalogue, user_history: UserHistory, options: Options) -> str:
    """Describe the smallest part of a filter without which there would be items; empty if there is no such part."""
    available = ~live.blocked[: len(live)]
    if options.candidates is not None:
        given = np.zeros(len(live), dtype=np.bool_)
        given[live.known_codes(options.candidates)] = True
        available &= given
    available[user_history.excluded] = False
    available[live.known_codes(options.exclude)] = False
    found = None if options.filter is None else relax(options.filter, live.mask, available)
    if found is None:
        return ""
    given_up = shorten(" and ".join(in_words(part) for part in found.requirements), _MAX_LENGTH, placeholder=" …")
    return f"; without {given_up} there would be {found.items:,} item{'s' if found.items > 1 else ''}"


def _with_near(live: LiveCatalogue, name: str) -> str:
    """Name a field with those that are named alike."""
    near = live.near_fields(name)
    return f"{name} (there is {' and '.join(near)})" if near else name


def _causes(live: LiveCatalogue, user_history: UserHistory, options: Options) -> Iterator[tuple[bool, str]]:
    """Yield possible causes, and whether each holds, the most specific first."""
    blocked = live.blocked[: len(live)]
    yield options.cursor is not None, "the list has ended"
    if options.candidates is not None:
        codes = live.known_codes(options.candidates)
        yield not len(codes), "none of the candidates is known"
        yield bool(blocked[codes].all()), "none of the candidates may be shown now"
    if options.filter is not None:
        unknown = live.unknown_fields(options.filter)
        near = [_with_near(live, name) for name in unknown[:_MAX_NAMED]]
        yield bool(unknown), f"no item has the field {', '.join(near)}"
        fitting = live.mask(options.filter)[: len(live)]
        yield not fitting.any(), "no item meets the filter"
        yield bool(blocked[fitting].all()), "no item that meets the filter may be shown now"
        yield True, "every item that meets the filter was seen by the user or excluded by the request"
    yield len(live) == 0, "there are no items yet"
    yield bool(blocked.all()), "no item may be shown now"
    left_out = len(user_history.excluded) or options.exclude or options.candidates is not None
    yield bool(left_out), "every item was seen by the user or excluded by the request"
    yield True, "there are no interactions yet"
