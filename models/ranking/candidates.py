"""Candidates: the items drawn for one request, with every recommender's signal beside them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from models.bundle.loader import Bundle
from models.data.interactions import Interactions
from models.ranking.config import RankingConfig
from models.recommenders import kernels
from models.recommenders.board import Board
from models.recommenders.item_knn import ItemKNN
from models.recommenders.popularity import Popularity
from models.recommenders.user_knn import UserKNN

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Candidates:
    """Items to rank and what the recommenders say of them.

    `items` are codes, int32 of length n; `signals` is float32 (kernels.COLUMNS, n); `neighbours` is the mixed
    score of the neighbour strand, float32 of length n, 1 or a little more for the best.
    """

    items: Int32
    signals: Float32
    neighbours: Float32
    history_length: int


class Retriever:
    """Draws candidates from the neighbours of a user's items and of the user, filled up with popular items.

    One retriever serves one thread: its buffers are reused.
    """

    def __init__(self, config: RankingConfig, item_knn: ItemKNN, user_knn: UserKNN, popularity: Popularity) -> None:
        self.config = config
        self.item_knn = item_knn
        self.user_knn = user_knn
        self.popularity = popularity
        self._board = Board(len(popularity.counts))

    @classmethod
    def fit(cls, interactions: Interactions, config: RankingConfig) -> Self:
        """Fit every recommender on the same interactions."""
        return cls(
            config,
            ItemKNN.fit(interactions, config.item_knn),
            UserKNN.fit(interactions, config.user_knn),
            Popularity.fit(interactions),
        )

    @classmethod
    def load(cls, bundle: Bundle, config: RankingConfig) -> Self:
        """Build every recommender from the arrays of a bundle."""
        return cls(
            config,
            ItemKNN.load(bundle, config.item_knn),
            UserKNN.load(bundle, config.user_knn),
            Popularity.load(bundle),
        )

    def configured(self, config: RankingConfig) -> "Retriever":
        """Give the same fitted recommenders other request-time settings."""
        return Retriever(
            config,
            ItemKNN(config.item_knn, self.item_knn.rows),
            self.user_knn,
            self.popularity,
        )

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Name the arrays of all recommenders, to store in a bundle."""
        return {**self.item_knn.arrays(), **self.user_knn.arrays(), **self.popularity.arrays()}

    def retrieve(
        self,
        history: Int32,
        *,
        user: int = -1,
        excluded: Int32,
        only: Int32 | None = None,
        limit: int | None = None,
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
        """
        count = self.config.blend.candidates if limit is None else limit
        recent = history[-self.config.max_history :]
        with self._board as board:
            board.exclude(excluded)
            if len(recent):
                self.item_knn.score(recent, board)
                self.user_knn.score(recent, board, user)
            if only is not None:
                board.touch(only)
                chosen = board.slot[only]
                chosen = chosen[chosen >= 0]
            elif board.count < count:
                # The fill stands behind the neighbours, most popular first: where the list is full, the rest goes.
                board.touch(self.popularity.order[: count + len(excluded)])
                chosen = np.arange(min(board.count, count), dtype=np.int32)
            else:
                chosen = np.arange(board.count, dtype=np.int32)
            neighbours = self._mix(board)[chosen]
            if len(chosen) > count and only is None:
                best = np.argpartition(-neighbours, count - 1)[:count]
                chosen, neighbours = chosen[best], neighbours[best]
            return Candidates(
                items=board.items[chosen],
                signals=board.columns[:, chosen],
                neighbours=neighbours,
                history_length=len(history),
            )

    def _mix(self, board: Board) -> Float32:
        """Weave the neighbours' signals, each relative to its best item in this request."""
        item_based = relative(board.scores(kernels.RECENCY))
        user_based = relative(board.scores(kernels.USERS))
        mixed: Float32 = item_based + np.float32(self.config.blend.user_weight) * user_based
        return mixed


def relative(scores: Float32) -> Float32:
    """Divide scores by their maximum; all 0 stays 0."""
    top = scores.max(initial=0.0)
    return scores / top if top > 0 else np.zeros_like(scores)
