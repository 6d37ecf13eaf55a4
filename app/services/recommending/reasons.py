"""Reasons: why an item is in a list, in numbers and in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from app.schemas.options import Options
from app.services.recommending.before_bundle import LogScores
from app.services.recommending.origins import Origin
from app.services.recommending.ranking import RankedList, rank
from app.services.recommending.wording import Phrases
from app.services.state.histories import Log
from app.services.state.serving import Serving
from app.services.state.user_history import UserHistory, known_attributes
from models.arrays.types import Int32
from models.data.catalogue import TITLE
from models.data.strengths import VIEW
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.explanation import Reason, explain

_POPULAR, _NEWEST = [Reason("popularity", 1.0)], [Reason("newest", 1.0)]


@dataclass(frozen=True)
class Explainer:
    """Explains the items of one page.

    `log` is that of the user, whose event types and attributes some sentences name; None for an anonymous session.
    `log_scores` ranked the items while there is no bundle.
    """

    serving: Serving
    user_history: UserHistory
    options: Options
    found: RankedList
    log: Log | None
    phrases: Phrases
    log_scores: LogScores | None = None

    def explained(self, items: Int32) -> list[dict[str, Any]]:
        """Return `explanation` and `reasons` of each item, as the wire model `RecommendedItem` has them."""
        origins = {
            code: origin
            for origin, own in self.found.selections
            for code in own.tolist()
            # A newer item may have been counted meanwhile.
            if origin.strategy != "newest" or not self._is_counted(code)
        }
        ranked = self._by_ranker(items[[code not in origins for code in items.tolist()]])
        return [
            self._of_selection(origins[code], code) if code in origins else self._written(self._of_item(code, ranked))
            for code in items.tolist()
        ]

    def _by_ranker(self, items: Int32) -> Mapping[int, list[Reason]]:
        """Split the scores of items, where there is a bundle."""
        serving, options = self.serving, self.options
        if serving.ranker is None or not len(items):
            return {}
        ranked = self.found.ranked
        if ranked is None or not np.isin(items, ranked.candidates.items).all():
            # Pinned, or fixed by an earlier page: these items are scored by themselves, as of now.
            ranked = rank(serving, self.user_history, options, CandidateQuery(only=items)).ranked
        if ranked is None:
            return {}
        places = {code: place for place, code in enumerate(ranked.candidates.items.tolist())}
        scored = [code for code in items.tolist() if code in places]
        own = [places[code] for code in scored]
        attributes = known_attributes(self.log, options.attributes)
        why = explain(serving.ranker, self.found.history, ranked, own, attributes, options.context)
        return dict(zip(scored, why, strict=True))

    def _of_item(self, code: int, ranked: Mapping[int, list[Reason]]) -> list[Reason]:
        reasons = ranked.get(code) or self._by_log_scores(code)
        newer = self.serving.ranker is not None and code >= self.serving.live.n_items
        # Nothing speaks for it: it is where it is because it is new.
        return _NEWEST if newer and reasons == _POPULAR and not self._is_counted(code) else reasons

    def _is_counted(self, code: int) -> bool:
        """Return whether its interactions put an item where it is."""
        if self.found.strategy != "popular" or self.serving.live.item_id(code) in {
            p.item_id for p in self.options.pins
        }:
            return False
        return bool((self.found.scores[self.found.items == code] > 0).any())

    def _by_log_scores(self, code: int) -> list[Reason]:
        """Say what ranked an item before the first bundle."""
        if self.log_scores is None:
            return _POPULAR
        if code in self.log_scores.because:
            name, own = self.log_scores.because[code]
            return [Reason(name, 1.0, ((own, 1.0),))]
        return _POPULAR if self.log_scores.counts[code] > 0 else _NEWEST

    def _of_selection(self, origin: Origin, code: int) -> dict[str, Any]:
        about = origin.nearest_to(code)
        words = self.phrases.of_list(origin.kind, None if about is None else self._title(about))
        because = [] if about is None else [{"item_id": about, "share": 1.0}]
        reason = {"strand": origin.strategy, "share": 1.0, "because": because}
        return {"explanation": words, "reasons": [reason if words is None else reason | {"words": words}]}

    def _written(self, reasons: list[Reason]) -> dict[str, Any]:
        live = self.serving.live
        written: list[dict[str, Any]] = []
        for reason in reasons:
            words = self._words(reason)
            because = [{"item_id": live.item_id(code), "share": share} for code, share in reason.because]
            one = {"strand": reason.strand, "share": reason.share, "because": because}
            written.append(one if words is None else one | {"words": words})
        return {"explanation": next((one["words"] for one in written if "words" in one), None), "reasons": written}

    def _words(self, reason: Reason) -> str | None:
        if reason.lowers:
            return None
        if reason.own_act is not None:
            return self.phrases.own_act(reason.own_act)
        if reason.value is not None:
            return self.phrases.value(reason.value)
        own = self.serving.live.item_id(reason.because[0][0]) if reason.because else None
        title = None if own is None else self._title(own)
        said = self.phrases.strand(reason.strand, title)
        if said is None and own is not None and title is not None:
            return self.phrases.because(self._event_type(own), title)
        return said

    def _title(self, item_id: str) -> str:
        live = self.serving.live
        return next((str(title) for title in live.values_of(int(live.codes([item_id])[0]), TITLE)), item_id)

    def _event_type(self, item_id: str) -> str:
        """Return the type of the event that says most of what the user did with an item."""
        kinds = [] if self.log is None else [kind for _, _, item, kind, _ in self.log.events if item == item_id]
        weights = dict(zip(kinds, self.serving.scale.weights(kinds).tolist(), strict=True)) if kinds else {}
        return max(weights, key=lambda kind: weights[kind], default=VIEW)
