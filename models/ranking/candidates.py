"""Candidates: the items drawn for one request, with every recommender's signals beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.bundle.loader import Bundle
from models.data.interactions import Interactions
from models.ranking.config import RankingConfig
from models.recommenders.board import Board
from models.recommenders.content import Content
from models.recommenders.ease import Ease
from models.recommenders.item_knn import ItemKNN
from models.recommenders.popularity import Popularity
from models.recommenders.recommender import History, Recommender
from models.recommenders.successor import Successor
from models.recommenders.user_knn import UserKNN

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]

KINDS = (ItemKNN, Successor, Content, UserKNN, Ease)
SIGNALS = tuple(signal for kind in KINDS for signal in kind.signals)
"""Names of the signals, in the order of the rows."""
PARTS = tuple(kind.signals[0] for kind in KINDS)
"""The signal of each recommender that is mixed, and measured alone."""
_PART_ROWS = np.array([SIGNALS.index(part) for part in PARTS])


@dataclass(frozen=True)
class Candidates:
    """Items to rank and what the recommenders say of them.

    `items` are codes, int32 of length n; `signals` is float32 (len(SIGNALS), n); `parts` is float32 (len(PARTS), n),
    each part's score relative to its best item in this request; `neighbours` is their mix, float32 of length n.
    """

    items: Int32
    signals: Float32
    parts: Float32
    neighbours: Float32
    history_length: int

    def best(self, count: int) -> "Candidates":
        """Keep those with the best mixed score."""
        if len(self.items) <= count:
            return self
        chosen = np.argpartition(-self.neighbours, count - 1)[:count]
        return Candidates(
            self.items[chosen],
            self.signals[:, chosen],
            self.parts[:, chosen],
            self.neighbours[chosen],
            self.history_length,
        )


class Retriever:
    """Draws candidates from all recommenders, filled up with popular items.

    One retriever serves one thread: its buffers are reused.
    """

    def __init__(self, config: RankingConfig, recommenders: Sequence[Recommender], popularity: Popularity) -> None:
        self.config = config
        self.recommenders = tuple(recommenders)
        self.popularity = popularity
        self.weights = np.array([getattr(config.blend, part) for part in PARTS], dtype=np.float32)
        self._board = Board(len(popularity.counts), SIGNALS)

    @classmethod
    def fit(cls, interactions: Interactions, config: RankingConfig, catalogue: pa.Table | None = None) -> Self:
        """Fit every recommender on the same interactions.

        Parameters
        ----------
        catalogue
            The items file of a data set, where there is one.
        """
        return cls(
            config,
            (
                ItemKNN.fit(interactions, config.item_knn),
                Successor.fit(interactions, config.successor),
                Content.fit(interactions, catalogue, config.content),
                UserKNN.fit(interactions, config.user_knn),
                Ease.fit(interactions, config.ease),
            ),
            Popularity.fit(interactions),
        )

    @classmethod
    def load(cls, bundle: Bundle, config: RankingConfig) -> Self:
        """Build every recommender from the arrays of a bundle."""
        recommenders = [kind.load(bundle, getattr(config, kind.signals[0])) for kind in KINDS]
        return cls(config, recommenders, Popularity.load(bundle))

    def configured(self, config: RankingConfig) -> "Retriever":
        """Give the same fitted recommenders other request-time settings."""
        counts = self.popularity.counts
        recommenders = [part.configured(getattr(config, part.signals[0]), counts) for part in self.recommenders]
        return Retriever(config, recommenders, self.popularity)

    def replaced(self, recommender: Recommender, config: RankingConfig) -> "Retriever":
        """Put one recommender, fitted with other settings, in the place of the present one."""
        others = [recommender if type(recommender) is type(present) else present for present in self.recommenders]
        return Retriever(config, others, self.popularity).configured(config)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays of all recommenders, to store in a bundle."""
        arrays: dict[str, npt.NDArray[np.generic]] = self.popularity.arrays()
        for recommender in self.recommenders:
            arrays |= recommender.arrays()
        return arrays

    def retrieve(
        self,
        history: Int32,
        *,
        user: int = -1,
        excluded: Int32,
        only: Int32 | None = None,
        limit: int | None = None,
        cut: bool = True,
    ) -> Candidates:
        """Draw the candidates for one request.

        Parameters
        ----------
        history
            Item codes the user had, oldest first.
        user
            The user's own row in the training data, -1 if it has none.
        excluded
            Item codes never to be returned.
        only
            Where given, the candidates are these items and no others.
        limit
            How many to draw; the setting by default.
        cut
            Whether more than that are cut off; otherwise all that any recommender scores are drawn.
        """
        count = self.config.blend.candidates if limit is None else limit
        recent = History(history[-self.config.max_history :], user)
        with self._board as board:
            board.exclude(excluded)
            if len(recent.items):
                for recommender in self.recommenders:
                    recommender.score(recent, board)
            if only is not None:
                board.touch(only)
                chosen = board.slot[only]
                chosen = chosen[chosen >= 0]
            elif board.count < count:
                # The fill stands behind the others, most popular first: where the list is full, the rest goes.
                board.touch(self.popularity.order[: count + len(excluded)])
                chosen = np.arange(min(board.count, count), dtype=np.int32)
            else:
                chosen = np.arange(board.count, dtype=np.int32)
            parts = np.stack([relative(board.scores(part)) for part in PARTS])
            neighbours: Float32 = self.weights @ parts
            candidates = Candidates(
                board.items[chosen], board.columns[:, chosen], parts[:, chosen], neighbours[chosen], len(history)
            )
            return candidates.best(count) if cut and only is None else candidates


def relative(scores: Float32) -> Float32:
    """Divide scores by their maximum; without one above 0 all become 0."""
    top = scores.max(initial=0.0)
    return scores / top if top > 0 else np.zeros_like(scores)
