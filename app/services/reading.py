"""What a user's log says: items liked with their strength, disliked and seen, in the codes of a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.data.history import History
from models.data.interactions import find
from models.data.strengths import RATING, StrengthScale
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker

Int32 = npt.NDArray[np.int32]
Event = tuple[int | None, int, str, str, float | None]
"""Time in microseconds, id, item, event type and value."""


@dataclass(frozen=True)
class Reading:
    """A user's log in codes.

    `history` are the likes, oldest first, without those of items that are not known.
    `disliked` and `seen` are codes; `by_type` holds those of each event type. `has_log` tells whether the user ever did
    anything that counts.
    """

    history: History
    disliked: Int32
    seen: Int32
    by_type: dict[str, Int32]
    has_log: bool

    def excluded(self, seen: bool | tuple[str, ...]) -> Int32:
        """Give the codes that are left out: what was disliked always, what was seen as asked."""
        if seen is True:
            return self.seen
        parts = [self.disliked]
        if seen:
            parts += [self.by_type[kind] for kind in seen if kind in self.by_type]
        return np.concatenate(parts)


def read(
    events: Sequence[Event],
    user_id: str | None,
    scale: StrengthScale,
    live: LiveCatalogue,
    ranker: Ranker | None,
    session_items: Sequence[str] = (),
) -> Reading:
    """Read a log, oldest first, and after it the items of a session, each as a view.

    An item counts where it came last, and for what that said; what was said in its favour adds up.
    """
    likes: dict[str, float] = {}
    times: dict[str, float] = {}
    disliked: set[str] = set()
    types: dict[str, set[str]] = {}
    # All at once: a call for each rating would take milliseconds of a long log.
    values = np.array([np.nan if kind != RATING or value is None else value for _, _, _, kind, value in events])
    for (moment, _, item, kind, _), signed in zip(events, scale.signed(values).tolist(), strict=True):
        types.setdefault(kind, set()).add(item)
        weight = scale.event_weights.get(kind, 0.0) * signed
        if weight > 0:
            likes[item] = likes.pop(item, 0.0) + weight
            times[item] = 0.0 if moment is None else moment / 1e6
            disliked.discard(item)
        elif weight < 0:
            likes.pop(item, None)
            disliked.add(item)
    has_log = bool(likes)
    view = abs(scale.event_weights.get("view", 0.0)) or 1.0
    latest = max(times.values(), default=0.0)
    for item in session_items:
        likes[item] = likes.pop(item, 0.0) + view
        times[item] = latest
    codes = live.codes(list(likes))
    known = codes >= 0
    user = -1
    if ranker is not None and user_id is not None:
        user = int(find(ranker.user_ids, [user_id])[0])
    history = History(
        codes[known],
        user,
        np.array(list(likes.values()), dtype=np.float32)[known],
        np.array([times[item] for item in likes], dtype=np.float64)[known],
    )
    turned_down = _known(live, disliked)
    return Reading(
        history,
        turned_down,
        np.concatenate([turned_down, history.items]),
        {kind: _known(live, items) for kind, items in types.items()},
        has_log,
    )


def _known(live: LiveCatalogue, ids: set[str]) -> Int32:
    codes = live.codes(list(ids))
    return codes[codes >= 0]
