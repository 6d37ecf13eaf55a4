"""Pairs of items that one user liked one after the other: what a list of similar items is to foretell."""

from dataclasses import dataclass

import numpy as np

from models.arrays.types import Int32, Int64, Mask
from models.data.interactions import Interactions
from models.data.timeline import VISIT_PAUSE, visit_starts

_SHARE = 0.1
_MOST_OF_A_USER = 50
"""Pairs of one user, at most: otherwise those who use the service most decide everything."""


@dataclass(frozen=True)
class LikedPairs:
    """Held-out pairs: `first` is known, `second` is what the same user liked next, and is hidden from the fit.

    `first`, `second` and `users` are int32 codes of the same length; `hidden` marks the rows of the interactions that
    hold the second items.
    """

    first: Int32
    second: Int32
    users: Int32
    hidden: Mask

    def __len__(self) -> int:
        return len(self.first)

    @classmethod
    def hold_out(
        cls, interactions: Interactions, *, pause: float = VISIT_PAUSE, share: float = _SHARE, seed: int = 0
    ) -> "LikedPairs":
        """Draw pairs at random.

        In a log with times the two are of one visit; in one with an order they follow each other, and in one without
        they are two random items of the user. What is no target of lists, such as a rating below the user's own level,
        is in no pair.

        Parameters
        ----------
        interactions
            Each pair of user and item once; where they have acts, all of them count as liked.
        pause
            Seconds without an interaction that end a visit.
        share
            Share of the possible pairs that is held out. No row is the second item of one pair and the first of
            another.
        seed
            The same seed and interactions give the same pairs.
        """
        # Where a goal decides what is a target, hardly any pair of user and item begins with it: all interest counts.
        liked = interactions.targets if interactions.acts is None else np.ones(len(interactions.items), dtype=np.bool_)
        rows = np.flatnonzero(liked)
        follows = _follows(interactions, rows, pause)
        drawn = np.random.default_rng(seed).random(len(rows))
        held = follows & (drawn < share)
        held[1:] &= ~held[:-1]
        held &= _place_by_draw(interactions.users[rows], held, drawn) < _MOST_OF_A_USER
        places = np.flatnonzero(held)
        hidden = np.zeros(len(interactions.items), dtype=np.bool_)
        hidden[rows[places]] = True
        second = rows[places]
        return cls(interactions.items[rows[places - 1]], interactions.items[second], interactions.users[second], hidden)

    def take(self, places: Int64) -> "LikedPairs":
        """Keep some of the pairs; what is hidden stays hidden."""
        return LikedPairs(self.first[places], self.second[places], self.users[places], self.hidden)


def _follows(interactions: Interactions, rows: Int64, pause: float) -> Mask:
    """Mark the liked rows that come after another liked row of the same user, and of the same visit if there are."""
    found = np.zeros(len(rows), dtype=np.bool_)
    if len(rows):
        group = interactions.users
        if interactions.has_clock:
            group = np.cumsum(visit_starts(interactions.users, interactions.times, pause)).astype(np.int32)
        found[1:] = group[rows[1:]] == group[rows[:-1]]
    return found


def _place_by_draw(users: Int32, held: Mask, drawn: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Int64:
    """Return the place of each held row among those of its user, in the order of the draw."""
    order = np.lexsort((drawn, ~held, users))
    starts = np.searchsorted(users[order], users[order])
    places = np.empty(len(users), dtype=np.int64)
    places[order] = np.arange(len(users)) - starts
    return places
