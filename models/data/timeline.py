"""The timeline: what requests would have asked while a part of a log happened, and what followed each of them."""

from dataclasses import dataclass

import numpy as np

from models.arrays.types import Float64, Int32, Int64, Mask
from models.data.dislikes import Dislikes
from models.data.holdout import Holdout, Ragged
from models.data.interactions import Interactions

VISIT_PAUSE = 1800.0
"""Seconds without an interaction that end a visit, by default."""
STEPS = 4
"""Later steps of a visit that are asked about by default, drawn at random: otherwise long visits decide everything."""


@dataclass(frozen=True)
class Timeline:
    """How a log becomes requests.

    Parameters
    ----------
    pause
        Seconds without an interaction that end a visit.
    include_seen
        Whether items of the history are targets.
    seed
        Of the draw of later steps.
    steps
        Later steps of a visit that are asked about, at most; all where None.
    """

    pause: float = VISIT_PAUSE
    include_seen: bool = False
    seed: int = 0
    steps: int | None = STEPS

    def requests(
        self, log: Interactions, start: float, stop: float, disliked: Dislikes | None = None
    ) -> tuple[Holdout, Holdout]:
        """Ask before each visit between two moments, and before some later steps of it.

        The targets of a request are the items of the rest of the visit; without `include_seen` those new to the user.
        Requests without a target are left out.

        Parameters
        ----------
        log
            With times in seconds, and its repeated pairs.
        start, stop
            The first moment, and the first one after the last.
        disliked
            Items that are never recommended to their users.

        Returns
        -------
        tuple
            The requests of users with a history, and those of users without one.
        """
        times = log.times
        begins = visit_starts(log.users, log.times, self.pause)
        inside = (times >= start) & (times < stop)
        asked = np.flatnonzero(inside & (begins | self._drawn(begins, inside)))
        # Rows after the last moment are not known yet.
        ends = np.minimum(_ends(begins)[asked], _first_after(log, stop)[log.users[asked]])
        counts = log.targets if self.include_seen else log.first_targets
        targets = [_distinct(log.items[row:end][counts[row:end]]) for row, end in zip(asked, ends, strict=True)]
        sizes = np.array([len(items) for items in targets], dtype=np.int64)
        holdout = Holdout(
            log.users[asked],
            log,
            Ragged(np.concatenate([[0], np.cumsum(sizes)]), np.concatenate([np.empty(0, np.int32), *targets])),
            include_seen=self.include_seen,
            moments=times[asked],
            stops=asked,
            kinds=(~begins[asked]).astype(np.int8),
            contexts=log.contexts_of(asked),
        )
        if disliked is not None:
            holdout = holdout.without(disliked)
        first = asked == log.offsets[log.users[asked]]
        answered = np.diff(holdout.targets.offsets) > 0
        return holdout.take(np.flatnonzero(answered & ~first)), holdout.take(np.flatnonzero(answered & first))

    def _drawn(self, begins: Mask, inside: Mask) -> Mask:
        """Draw some of the later steps of each visit."""
        later = np.flatnonzero(inside & ~begins)
        visit = np.cumsum(begins)[later]
        order = np.lexsort((np.random.default_rng(self.seed).random(len(later)), visit))
        place = np.arange(len(later)) - np.searchsorted(visit, visit)
        drawn = np.zeros(len(begins), dtype=np.bool_)
        drawn[later[order[place < self.steps]] if self.steps is not None else later] = True
        return drawn


def visit_starts(users: Int32, times: Float64, pause: float) -> Mask:
    """Mark the first interaction of each visit.

    Parameters
    ----------
    users, times
        Of interactions in order of user, then time in seconds.
    pause
        Seconds without an interaction that end a visit.
    """
    begins = np.ones(len(users), dtype=np.bool_)
    begins[1:] = (users[1:] != users[:-1]) | (np.diff(times) > pause)
    return begins


def _ends(begins: Mask) -> Int64:
    """Return for each row the first row after its visit."""
    first = np.flatnonzero(begins)
    return np.append(first[1:], len(begins))[np.cumsum(begins) - 1]


def _first_after(log: Interactions, stop: float) -> Int64:
    """Return each user's first row at or after a moment."""
    before: Int64 = np.bincount(log.users[log.times < stop], minlength=log.n_users)
    return log.offsets[:-1] + before


def _distinct(items: Int32) -> Int32:
    return items[np.sort(np.unique(items, return_index=True)[1])]
