"""What a user's log says: items liked with their strength, disliked and seen, in the codes of a bundle."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.arrays.types import Float32, Int32
from models.data.history import History
from models.data.interactions import find
from models.data.strengths import RATING, StrengthScale
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker

LogEntry = tuple[int | None, int, str, str, float | None]
"""Time in microseconds, id, item, event type and value."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A user's log in codes.

    `items` (int32) are the likes, oldest first, with `strengths` (float32) beside them, without those of items that
    are not known; `repeated` are the same with an item as often as it was liked, and when; None where the bundle knows
    no repeats. `user` is the row in the bundle, -1 if there is none. `disliked` and `left_out` are codes: by default
    everything that was seen is left out. `has_log` tells whether the user ever did anything that counts.
    """

    items: Int32
    strengths: Float32
    repeated: History | None
    user: int
    disliked: Int32
    left_out: Int32
    has_log: bool

    @property
    def history(self) -> History:
        """The likes, as the recommenders read them."""
        return History(self.items, self.user, self.strengths)


def read(
    events: Sequence[LogEntry],
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
    every: list[tuple[str, float, float]] = []
    disliked: set[str] = set()
    # All at once: a call for each rating would take milliseconds of a long log.
    values = np.array([np.nan if kind != RATING or value is None else value for _, _, _, kind, value in events])
    now = time.time()
    for (moment, _, item, kind, _), signed in zip(events, scale.signed(values).tolist(), strict=True):
        weight = scale.event_weights.get(kind, 0.0) * signed
        if scale.half_lives and moment is not None and kind in scale.half_lives:
            weight *= 0.5 ** (max(now - moment / 1e6, 0.0) / scale.half_lives[kind])
        if weight > 0:
            likes[item] = likes.pop(item, 0.0) + weight
            every.append((item, weight, 0.0 if moment is None else moment / 1e6))
            disliked.discard(item)
        elif weight < 0:
            likes.pop(item, None)
            disliked.add(item)
    has_log = bool(likes)
    view = abs(scale.event_weights.get("view", 0.0)) or 1.0
    for item in session_items:
        likes[item] = likes.pop(item, 0.0) + view
    codes = live.codes(list(likes))
    known = codes >= 0
    items = codes[known]
    user = -1
    if ranker is not None and user_id is not None:
        user = int(find(ranker.user_ids, [user_id])[0])
    turned_down = live.known_codes(list(disliked))
    return Reading(
        items,
        np.array(list(likes.values()), dtype=np.float32)[known],
        None if ranker is None or ranker.repeats is None else _repeated(every, disliked, live),
        user,
        turned_down,
        np.concatenate([turned_down, items]) if len(turned_down) else items,
        has_log,
    )


def _repeated(every: list[tuple[str, float, float]], disliked: set[str], live: LiveCatalogue) -> History:
    kept = [event for event in every if event[0] not in disliked]
    codes = live.codes([item for item, _, _ in kept])
    known = (codes >= 0) & (codes < live.n_items)
    strengths = np.array([strength for _, strength, _ in kept], dtype=np.float32)
    times = np.array([moment for _, _, moment in kept], dtype=np.float64)
    return History(codes[known], strengths=strengths[known], times=times[known])


def of_types(events: Sequence[LogEntry], types: Sequence[str], live: LiveCatalogue) -> Int32:
    """Give the codes of the items that some event types are about."""
    return live.known_codes(list({item for _, _, item, kind, _ in events if kind in types}))
