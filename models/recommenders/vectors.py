"""Vectors: items whose declared vectors, embeddings of texts or images, point the same way as those of the user's."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Ids, Int32, Int64
from models.arrays.vocabulary import Vocabulary
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.data.catalogue import VECTORS
from models.data.described import vectors_of
from models.data.history import History
from models.recommenders.recommender import ItemMatrix, TrainingData
from models.recommenders.score_board import ScoreBoard
from models.similarity.vector_index import VectorIndex, unit
from models.similarity.vector_neighbours import nearest_of_each

_NAME = "vectors"
_NOTHING = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)


class VectorsConfig(BaseModel):
    """Settings of the recommender that compares vectors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = Field(100, ge=1, description="similar items kept for each item")
    recency_decay: float = Field(
        0.7, gt=0, le=1, description="factor on the weight for each earlier time in the history"
    )


class ItemVectors:
    """The vectors of all items in one index: those of one item side by side, each of length 1, then scaled to 1.

    So the product of two items is the mean of the cosines of their vectors.

    Parameters
    ----------
    names
        Of the vectors.
    lengths
        Their numbers, int64, in the order of the names.
    """

    def __init__(self, names: Vocabulary, lengths: Int64, index: VectorIndex) -> None:
        self.names = names
        self.lengths = lengths
        self.index = index

    @classmethod
    def fit(cls, item_ids: Ids, catalogue: pa.Table | None) -> Self:
        """Read the vectors of a described catalogue."""
        found = vectors_of(catalogue, item_ids)
        names = Vocabulary.of(found)
        ordered = [found[names[code]] for code in range(len(names))]
        lengths = np.array([rows.shape[1] for _, rows in ordered], dtype=np.int64)
        joined = np.zeros((len(item_ids) if len(names) else 0, int(lengths.sum())), dtype=np.float32)
        start = 0
        for codes, rows in ordered:
            joined[codes, start : start + rows.shape[1]] = unit(rows)
            start += rows.shape[1]
        return cls(names, lengths, VectorIndex.of(joined if len(names) == 1 else unit(joined)))

    def of_item(self, item: Mapping[str, Any]) -> Float32 | None:
        """Return the joined vector of a described item, of length 1; None where it has none of these vectors."""
        given = item.get(VECTORS) or {}
        parts = []
        for code, length in enumerate(self.lengths.tolist()):
            vector = given.get(self.names[code])
            usable = vector is not None and len(vector) == length
            parts.append(
                unit(np.asarray(vector, dtype=np.float32)[None])[0] if usable else np.zeros(length, np.float32)
            )
        joined = np.concatenate([np.empty(0, np.float32), *parts])
        return unit(joined[None])[0] if joined.any() else None

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {**self.names.arrays(f"{_NAME}_names"), f"{_NAME}_lengths": self.lengths, **self.index.arrays(_NAME)}

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """Take the arrays from a bundle, memory-mapped.

        Raises
        ------
        BundleError
            They do not fit together.
        """
        names, index = Vocabulary.load(bundle, f"{_NAME}_names"), VectorIndex.load(bundle, _NAME)
        lengths: Any = bundle.array(f"{_NAME}_lengths", np.int64)
        if len(names) != len(lengths) or int(lengths.sum()) != len(index.centre):
            raise BundleError(f"{bundle.folder}: the arrays {_NAME}_* do not fit together")
        return cls(names, lengths, index)


class Vectors(ItemMatrix[VectorsConfig]):
    """Scores an item by the cosine of its vectors and those of the user's items.

    Parameters
    ----------
    config
        Its settings.
    rows
        The nearest items of each item, and their cosines; empty where no item has a vector.
    items
        The vectors themselves, for new items.
    """

    signals: ClassVar[tuple[str, ...]] = (_NAME, "vectors_last")

    def __init__(self, config: VectorsConfig, rows: SparseRows, items: ItemVectors) -> None:
        super().__init__(config, rows)
        self.items = items

    @classmethod
    def fit(cls, training: TrainingData, config: VectorsConfig) -> Self:
        """Find the nearest items of each item."""
        item_ids = training.interactions.item_ids
        items = ItemVectors.fit(item_ids, training.catalogue)
        found = items.index.rows
        rows = nearest_of_each(found, config.neighbours) if len(found) else SparseRows.empty(len(item_ids))
        return cls(config, rows, items)

    @classmethod
    def load(cls, bundle: Bundle, config: VectorsConfig) -> Self:
        """Take the arrays from a bundle.

        Raises
        ------
        BundleError
            They do not fit together.
        """
        return cls(config, SparseRows.load(bundle, f"{_NAME}_nearest"), ItemVectors.load(bundle))

    @staticmethod
    def of_bundle(bundle: Bundle) -> bool:
        """Return whether a bundle has these arrays: older ones have not."""
        return f"{_NAME}_lengths" in bundle.arrays

    def configured(self, config: VectorsConfig) -> Self:
        """Apply other request-time settings to the same vectors."""
        return type(self)(config, self.rows, self.items)

    def fits(self, n_items: int, n_users: int) -> bool:
        """Return whether the matrix is of items by items, and all vectors are of items."""
        return super().fits(n_items, n_users) and self.items.index.size in {0, n_items}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        return {**self.rows.arrays(f"{_NAME}_nearest"), **self.items.arrays()}

    def score(self, history: History, board: ScoreBoard) -> None:
        """Sum the rows of the history: by recency, and of the last item alone."""
        board.add_history(self.signals, self.rows, history.items, history.weight_table(self.config.recency_decay))

    def neighbours_of(self, item: Mapping[str, Any], itself: int = -1) -> tuple[Int32, Float32]:
        """Find the items nearest to a new one: codes, int32, and cosines, float32, the nearest first.

        Parameters
        ----------
        item
            Its fields as `described` reads them.
        itself
            The item's own code, which is left out, if it has one.
        """
        vector = self.items.of_item(item)
        return _NOTHING if vector is None else self.items.index.nearest(vector, self.config.neighbours, itself)
