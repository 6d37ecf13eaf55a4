"""Content-based recommendation: items whose description resembles that of the user's items."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
from pydantic import BaseModel, ConfigDict, Field

from models.data.columns import ITEM
from models.data.history import History
from models.data.interactions import Interactions, find
from models.recommenders.board import Board
from models.recommenders.measures import Similarity, row_similarities
from models.recommenders.recommender import ONE, ItemRows
from models.recommenders.similarity import empty_matrix

_WORD = re.compile(r"\w{2,}")
_TEXTS = ("title", "description")
_LABELS = ("categories", "tags")
_MAX_ITEMS = 10_000
"""Words and labels of more items than these are left out: they would cost much and tell little."""


class ContentConfig(BaseModel):
    """Settings of content-based recommendation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(200, ge=1, description="similar items kept for each item")
    recency_decay: float = Field(0.7, gt=0, le=1, description="weight left after each step back in the history")
    max_share: float = Field(0.5, gt=0, le=1, description="words and labels of a larger share of the items say nothing")


class Content(ItemRows[ContentConfig]):
    """Scores an item by the likeness of its words and labels to those of the user's items (TF-IDF, cosine)."""

    signals: ClassVar[tuple[str, ...]] = ("content", "content_last")

    @classmethod
    def fit(cls, interactions: Interactions, catalogue: pa.Table | None, config: ContentConfig) -> Self:
        """Compute the similarity of the items' descriptions, the best neighbours of each row."""
        matrix = _features(interactions, catalogue, config.max_share)
        return cls(config, row_similarities(matrix, Similarity("cosine"), config.neighbours))

    def score(self, history: History, board: Board) -> None:
        """Sum the rows of the history: by recency, and of the last item alone."""
        items = history.items
        board.add_rows(self.signals[0], self.rows, items, history.weights(self.config.recency_decay))
        board.add_rows(self.signals[1], self.rows, items[-1:], ONE)


def _features(interactions: Interactions, catalogue: pa.Table | None, max_share: float) -> "sp.csr_matrix[np.float32]":
    """Make the matrix of items x words and labels, weighted by (1 + log count) * log(items / items with it)."""
    if catalogue is None:
        return empty_matrix(interactions.n_items, 1)
    codes = find(interactions.item_ids, catalogue[ITEM].to_pylist())
    names = [name for name in (*_TEXTS, *_LABELS) if name in catalogue.column_names]
    vocabulary: dict[tuple[str, str], int] = {}
    rows, columns, counts = [], [], []
    for code, item in zip(codes, catalogue.select(names).to_pylist(), strict=True):
        if code < 0:
            continue
        for term, count in Counter(_terms(item)).items():
            rows.append(code)
            columns.append(vocabulary.setdefault(term, len(vocabulary)))
            counts.append(1.0 + math.log(count))
    shape = (interactions.n_items, max(len(vocabulary), 1))
    matrix = sp.csr_matrix((np.array(counts, dtype=np.float32), (rows, columns)), shape=shape)
    described = max(len(set(rows)), 1)
    holders = np.maximum(np.bincount(matrix.indices, minlength=shape[1]), 1)
    telling = holders <= min(max_share * described, _MAX_ITEMS)
    matrix.data *= np.where(telling, np.log(described / holders), 0.0).astype(np.float32)[matrix.indices]
    matrix.eliminate_zeros()
    return matrix


def _terms(item: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name in _TEXTS:
        yield from (("word", word) for word in _WORD.findall((item.get(name) or "").lower()))
    for name in _LABELS:
        labels = item.get(name) or ()
        yield from ((name, str(label)) for label in ([labels] if isinstance(labels, str) else labels))
