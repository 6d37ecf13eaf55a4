"""Answers as bytes: what a list looks like on the wire, and answers that are kept for a repeated question."""

import random
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.schemas.recommendations import Degradation
from app.services.recommending import request_ids
from app.services.recommending.ranked_lists import Listing
from app.services.state.serving import Serving
from app.times import now

_NO_BUNDLE = "none"
_MAX_KEPT = 4096
_unlike = random.Random()  # noqa: S311 - ids are to differ, not to be secret


@dataclass(frozen=True)
class Answer:
    """A recommendation in JSON without its request id: each time it is sent it has another one, or the one given.

    `mark` is what the request id begins with: bundle version and strategy. `top_score` is that of the first item;
    `known_user` tells whether the bundle was trained on the user, None for nobody in particular.
    """

    head: bytes
    mark: str
    strategy: str
    degraded: Degradation | None = None
    given_id: str | None = None
    top_score: float | None = None
    known_user: bool | None = None

    def request_id(self) -> str:
        """Give a new request id."""
        return request_ids.write(self.mark, now(), _unlike.getrandbits(32))

    def body(self) -> bytes:
        """Give the JSON."""
        return b'%s,"request_id":"%s"}' % (self.head, (self.given_id or self.request_id()).encode())


def answer(
    serving: Serving,
    user_id: str | None,
    listing: Listing,
    count: int,
    *,
    first_rank: int = 1,
    next_cursor: str | None = None,
    reason: str | None = None,
    reasons: Sequence[list[dict[str, Any]]] | None = None,
    degraded: Degradation | None = None,
    known_user: bool | None = None,
) -> Answer:
    """Write the first items of a list, as the wire model `Recommendation` has it."""
    ids, scores = serving.live.ids(listing.items[:count]), listing.scores[:count].tolist()
    items: list[dict[str, Any]] = [
        {"item_id": item_id, "score": score, "rank": rank}
        for rank, (item_id, score) in enumerate(zip(ids, scores, strict=True), first_rank)
    ]
    if reasons is not None:
        for item, why in zip(items, reasons, strict=True):
            item["reasons"] = why
    version = serving.version
    head = orjson.dumps(
        {
            "user_id": user_id,
            "items": items,
            "strategy": listing.strategy,
            "bundle_version": version,
            "next_cursor": next_cursor,
            "reason": reason,
            "degraded": degraded,
        }
    )
    return Answer(
        head[:-1],
        request_ids.mark(version or _NO_BUNDLE, listing.strategy),
        listing.strategy,
        degraded,
        top_score=scores[0] if scores else None,
        known_user=known_user,
    )


class KeptAnswers:
    """Answers to questions that were asked before; each serves for as long as what it was made from is unchanged."""

    def __init__(self) -> None:
        self._kept: OrderedDict[object, tuple[tuple[object, ...], Answer]] = OrderedDict()

    def get(self, question: object, made_from: tuple[object, ...]) -> Answer | None:
        """Give the answer to a question, if it was made from these very things."""
        found = self._kept.get(question)
        if found is None or found[0] != made_from:
            return None
        self._kept.move_to_end(question)
        return found[1]

    def keep(self, question: object, made_from: tuple[object, ...], given: Answer) -> None:
        """Keep an answer; of too many the one that was asked for least recently goes."""
        self._kept[question] = (made_from, given)
        if len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)
