"""Content-based recommendation: items whose description resembles that of the user's items."""

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Int32
from models.bundle.loader import Bundle
from models.data.history import History
from models.recommenders.item_terms import ItemTerms
from models.recommenders.recommender import ItemMatrix, TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity.matrices import top_products

_NAME = "content"


class Terms(Protocol):
    """Turns an item into a vector of weights in columns, of which `idf` has one value each."""

    @property
    def idf(self) -> Float32:
        """Return how much each column says."""

    def vector(self, item: Mapping[str, Any]) -> tuple[Int32, Float32]:
        """Return the columns of an item and its weights in them."""

    def arrays(self, name: str) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""


class ContentConfig(BaseModel):
    """Settings of content-based recommendation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(200, ge=1, description="similar items kept for each item")
    recency_decay: float = Field(
        0.7, gt=0, le=1, description="factor on the weight for each earlier time in the history"
    )
    max_share: float = Field(
        0.5, gt=0, le=1, description="words and labels that occur in a larger share of the items are ignored"
    )
    number_weight: float = Field(0.1, ge=0, description="weight of price and numbers, relative to words and labels")
    number_bins: int = Field(10, ge=2, description="minimum number of quantile bins for numbers")


class Content(ItemMatrix[ContentConfig]):
    """Scores an item by the similarity of its words, labels and numbers to those of the user's items (TF-IDF, cosine).

    Parameters
    ----------
    config
        Its settings.
    rows
        The best neighbours of each item; empty where there is no catalogue.
    terms
        Turns an item into a vector.
    holders
        The items of each column of these vectors, with their weights; columns x items.
    """

    signals: ClassVar[tuple[str, ...]] = (_NAME, "content_last")

    def __init__(self, config: ContentConfig, rows: SparseRows, terms: Terms, holders: SparseRows) -> None:
        super().__init__(config, rows)
        self.terms = terms
        self.holders = holders
        self._board: ScoreBoard | None = None

    @classmethod
    def fit(cls, training: TrainingData, config: ContentConfig) -> Self:
        """Compute the similarity of the items' descriptions, the best neighbours of each row."""
        terms, matrix = ItemTerms.fit(
            training.interactions.item_ids,
            training.catalogue,
            max_share=config.max_share,
            number_bins=config.number_bins,
            number_weight=config.number_weight,
        )
        transposed = matrix.T.tocsr()
        return cls(config, top_products(matrix, transposed, config.neighbours), terms, SparseRows.from_csr(transposed))

    @classmethod
    def load(cls, bundle: Bundle, config: ContentConfig) -> Self:
        """Take the matrices and the vocabulary from a bundle.

        Raises
        ------
        BundleError
            Its arrays do not fit together.
        """
        terms = ItemTerms.load(bundle, _NAME, config.number_weight)
        return cls(config, SparseRows.load(bundle, _NAME), terms, SparseRows.load(bundle, f"{_NAME}_holders"))

    def configured(self, config: ContentConfig) -> Self:
        """Apply other request-time settings to the same matrices."""
        return type(self)(config, self.rows, self.terms, self.holders)

    def fits(self, n_items: int, n_users: int) -> bool:
        """Return whether its matrices are items by items, and columns by items."""
        return super().fits(n_items, n_users) and self.holders.fits(max(len(self.terms.idf), 1), n_items)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {**super().arrays(), **self.holders.arrays(f"{_NAME}_holders"), **self.terms.arrays(_NAME)}

    def score(self, history: History, board: ScoreBoard) -> None:
        """Sum the rows of the history: by recency, and of the last item alone."""
        board.add_history(self.signals, self.rows, history.items, history.weight_table(self.config.recency_decay))

    def neighbours_of(self, item: Mapping[str, Any], itself: int = -1) -> tuple[Int32, Float32]:
        """Find the items most similar to a new one: the neighbours that it would get in a fit.

        The buffers are reused from call to call, so one recommender serves one thread.

        Parameters
        ----------
        item
            Its fields: `title`, `description`, `categories`, `tags`, `price`, `attributes`, as far as it has them.
            Words and labels that are not in the bundle are ignored.
        itself
            The item's own code, which is left out, if it has one.

        Returns
        -------
        tuple
            Codes, int32, and cosines, float32, the most similar first; both empty without a description.
        """
        items, similarities = self.all_alike(item, itself)
        count = min(self.config.neighbours, len(items))
        best = np.argpartition(-similarities, count - 1)[:count] if count < len(items) else np.arange(count)
        best = best[np.argsort(-similarities[best], kind="stable")]
        return items[best], similarities[best]

    def all_alike(self, item: Mapping[str, Any], itself: int = -1) -> tuple[Int32, Float32]:
        """Find all items that share a word, a label or a bin with one, in no order; see `neighbours_of`."""
        columns, weights = self.terms.vector(item)
        if self._board is None:
            self._board = ScoreBoard(self.rows.n_rows, (_NAME,))
        with self._board as board:
            board.exclude(np.array([itself], dtype=np.int32))
            board.add_rows((_NAME,), self.holders, columns, weights)
            return board.items.copy(), board.scores(_NAME).copy()
