"""Empty lists: why a list has no items, and which part of its filter causes it."""

from collections.abc import Iterator
from textwrap import shorten

import numpy as np

from app.schemas.options import Options
from app.services.recommending.ranking import RankedList
from app.services.state.user_history import UserHistory
from models.filters.relaxations import in_words, relax
from models.ranking.live_catalogue import LiveCatalogue

_MAX_NAMED = 3
_MAX_LENGTH = 300
"""Characters of the part of a filter that is named."""


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


def with_near(live: LiveCatalogue, name: str) -> str:
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
        near = [with_near(live, name) for name in unknown[:_MAX_NAMED]]
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
