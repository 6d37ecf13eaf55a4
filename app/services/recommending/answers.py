"""Answers: a page of a list as the bytes of its JSON."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.schemas.recommendations import Degradation, ListStrategy
from app.services.recommending import request_ids
from app.services.recommending.pages import Page
from app.services.state.serving import Serving
from app.times import clock

NO_BUNDLE = "none"
_random = random.Random()  # noqa: S311 - ids have to differ, not to be secret


@dataclass(frozen=True)
class Answer:
    """A recommendation in JSON without its request id: each response gets a new one, or `given_id`.

    `mark` is what the request id begins with: bundle version and strategy. `top_score` is the score of the first item.
    `known_user` tells whether the bundle was trained on the user; None for an anonymous session.
    """

    head: bytes
    mark: str
    strategy: str
    degraded: Degradation | None = None
    given_id: str | None = None
    top_score: float | None = None
    known_user: bool | None = None

    def request_id(self) -> str:
        """Return a new request id."""
        return request_ids.write(self.mark, clock.now(), _random.getrandbits(32))

    def body(self) -> bytes:
        """Return the JSON."""
        return b'%s,"request_id":"%s"}' % (self.head, (self.given_id or self.request_id()).encode())


def write_answer(
    serving: Serving,
    begin: Mapping[str, Any],
    page: Page,
    strategy: ListStrategy,
    *,
    reason: str | None = None,
    explanations: Sequence[Mapping[str, Any]] | None = None,
    fields: Sequence[bytes] | None = None,
    degraded: Degradation | None = None,
    known_user: bool | None = None,
    place: Sequence[str] = (),
) -> Answer:
    """Serialise a page in the form of the wire model `Recommendation`, or that of another list.

    Parameters
    ----------
    begin
        What the answer begins with, such as the user.
    reason
        Why the list is empty; None where it is not.
    explanations
        `explanation` and `reasons` of each item, as `RecommendedItem` has them; None if they were not requested.
    fields
        The JSON of the fields of each item, without its first brace; None if none were requested.
    place
        The scenario and the variant, if the list is for one.
    """
    ids, scores = serving.live.ids(page.items), page.scores.tolist()
    items: list[Any] = [
        {"item_id": item_id, "score": score, "rank": rank}
        for rank, (item_id, score) in enumerate(zip(ids, scores, strict=True), page.first_rank)
    ]
    if explanations is not None:
        for item, why in zip(items, explanations, strict=True):
            item.update(why)
    if fields is not None:
        items = [
            orjson.Fragment(orjson.dumps(item)[:-1] + b"," + more) for item, more in zip(items, fields, strict=True)
        ]
    return finished(
        serving,
        begin,
        items,
        strategy,
        next_cursor=page.next_cursor,
        reason=reason,
        degraded=degraded,
        place=place,
        top_score=scores[0] if scores else None,
        known_user=known_user,
    )


def finished(
    serving: Serving,
    begin: Mapping[str, Any],
    items: Sequence[Any],
    strategy: ListStrategy,
    *,
    next_cursor: str | None = None,
    reason: str | None = None,
    degraded: Degradation | None = None,
    place: Sequence[str] = (),
    top_score: float | None = None,
    known_user: bool | None = None,
) -> Answer:
    """Serialise what all lists have, whatever their entries are; see `write_answer`."""
    version = serving.version
    head = orjson.dumps(
        {
            **begin,
            "items": items,
            "strategy": strategy,
            "bundle_version": version,
            "next_cursor": next_cursor,
            "reason": reason,
            "degraded": degraded,
        }
    )
    mark = request_ids.mark(version or NO_BUNDLE, strategy, *place)
    return Answer(head[:-1], mark, strategy, degraded, top_score=top_score, known_user=known_user)
