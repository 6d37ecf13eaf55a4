"""Reasons: why an item is in a list, and why a list is empty."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from app.schemas.options import Options
from app.services.recommending.ranked_lists import Listing, Maker
from app.services.state.reading import Reading
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.explanation import Reason, explain
from models.ranking.live_catalogue import LiveCatalogue

_MAX_NAMED = 3


def explained(
    maker: Maker, reading: Reading, options: Options, listing: Listing, count: int
) -> list[list[dict[str, Any]]]:
    """Give the reasons for the first items of a list, as the wire model `Reason` has them."""
    serving, codes = maker.serving, listing.items[:count].tolist()
    if serving.ranker is None:
        return [_written([Reason("popularity", 1.0)], maker) for _ in codes]
    ranked = listing.ranked
    drawn = {} if ranked is None else {int(code): place for place, code in enumerate(ranked.candidates.items)}
    missing = [code for code in codes if code not in drawn]
    if ranked is None or missing:
        # Pinned, or of an earlier page: they are scored by themselves, as they would be today.
        ranked = maker.rank(reading, options, CandidateQuery(only=np.array(codes, dtype=np.int32)))
    if ranked is None:
        return [_written([Reason("popularity", 1.0)], maker) for _ in codes]
    drawn = {int(code): place for place, code in enumerate(ranked.candidates.items)}
    found = explain(serving.ranker, listing.history, ranked, [drawn[code] for code in codes if code in drawn])
    reasons = dict(zip([code for code in codes if code in drawn], found, strict=True))
    return [_written(reasons.get(code, [Reason("popularity", 1.0)]), maker) for code in codes]


def _written(reasons: list[Reason], maker: Maker) -> list[dict[str, Any]]:
    name = maker.serving.live.item_id
    return [
        {
            "strand": reason.strand,
            "share": reason.share,
            "because": [{"item_id": name(code), "share": share} for code, share in reason.because],
        }
        for reason in reasons
    ]


def why_empty(maker: Maker, reading: Reading, options: Options) -> str:
    """Tell in plain words why there is nothing in a list."""
    return next(cause for holds, cause in _causes(maker.serving.live, reading, options) if holds)


def _causes(live: LiveCatalogue, reading: Reading, options: Options) -> Iterator[tuple[bool, str]]:
    """Give what may be the cause, and whether it is, the most particular first."""
    blocked = live.blocked[: len(live)]
    if options.candidates is not None:
        codes = live.codes(options.candidates)
        codes = codes[codes >= 0]
        yield not len(codes), "none of the candidates is known"
        yield bool(blocked[codes].all()), "none of the candidates may be shown now"
    if options.filter is not None:
        unknown = live.unknown_fields(options.filter)
        yield bool(unknown), f"no item has the field {', '.join(unknown[:_MAX_NAMED])}"
        fitting = live.mask(options.filter)[: len(live)]
        yield not fitting.any(), "no item meets the filter"
        yield bool(blocked[fitting].all()), "no item that meets the filter may be shown now"
        yield True, "every item that meets the filter is left out, or the user has seen it"
    yield options.cursor is not None, "the list has come to its end"
    yield len(live) == 0, "there are no items yet"
    yield bool(blocked.all()), "no item may be shown now"
    left_out = len(reading.left_out) or options.exclude or options.candidates is not None
    yield bool(left_out), "everything is left out, or the user has seen it"
    yield True, "nobody has done anything yet"
