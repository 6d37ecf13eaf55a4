"""Similar items of a bundle: by users, by descriptions, by both, and by what happened in one visit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Float32, Ids, Int32
from models.bundle.loader import Bundle
from models.data.interactions import Interactions
from models.data.timeline import VISIT_PAUSE
from models.recommenders.content import Content, ContentConfig
from models.recommenders.vectors import ItemVectors, Vectors
from models.similar.acts import Acts
from models.similar.by_users import likeness_by_users
from models.similar.config import SimilarConfig
from models.similar.field_terms import FieldTerms
from models.similar.together import TOGETHER, likeness_together
from models.similar.with_vectors import ContentWithVectors, rows_of_both
from models.similarity.matrices import top_products

BY_USERS, BY_CONTENT = "item_knn", "content"
_USERS, _CONTENT, _HOLDERS = "similar_item_knn", "similar_content", "similar_content_holders"
_COUNTS = "similar_counts"


@dataclass(frozen=True)
class SimilarItemsOf:
    """How alike the items of a bundle are.

    Parameters
    ----------
    by_users
        The likest items of each item by their users; the best of a row has the value 1.
    content
        Likeness by descriptions, from 0 to 1, of the items and of new ones.
    counts
        Users of each item, float32.
    together
        The likest items of each item by what happened in one visit, by method; those without data are left out.
    """

    config: SimilarConfig
    by_users: SparseRows
    content: Content
    counts: Float32
    together: Mapping[str, SparseRows] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        interactions: Interactions,
        catalogue: pa.Table | None,
        config: SimilarConfig,
        acts: Acts | None = None,
        pause: float = VISIT_PAUSE,
        vectors: Vectors | None = None,
    ) -> Self:
        """Compare all items.

        Parameters
        ----------
        interactions
            Each pair of user and item once; its items are those that are compared.
        catalogue
            The items file of a data set, where there is one.
        acts
            The kinds of the log's rows, in the codes of the interactions, where they are known.
        pause
            Seconds without an interaction that end a visit.
        vectors
            Fitted on the same catalogue, where it has vectors.
        """
        return cls(
            config,
            likeness_by_users(interactions, config, pause),
            alike_by_content(interactions.item_ids, catalogue, config, vectors),
            np.bincount(interactions.items, minlength=interactions.n_items).astype(np.float32),
            likeness_together(acts, interactions.n_items, config),
        )

    def blend(
        self, code: int, by_users: tuple[Int32, Float32], by_content: tuple[Int32, Float32]
    ) -> tuple[Int32, Float32]:
        """Join likeness by users and by descriptions, by how much is known of the users of both items.

        Parameters
        ----------
        code
            The item that the others are similar to; it may be newer than the bundle, and so may the others.
        by_users, by_content
            Codes, int32, and values, float32, of the likest items.

        Returns
        -------
        tuple
            Codes, int32 ascending, and scores, float32; see `joined`.
        """
        items, place = np.unique(np.concatenate([by_users[0], by_content[0]]), return_inverse=True)
        users, content, others = (np.zeros(len(items), dtype=np.float32) for _ in range(3))
        split = len(by_users[0])
        users[place[:split]], content[place[split:]] = by_users[1], by_content[1]
        inside = items < len(self.counts)
        others[inside] = self.counts[items[inside]]
        own = self.counts[code] if code < len(self.counts) else np.float32(0)
        share = known_share(np.array([own], dtype=np.float32), self.config) * known_share(others, self.config)
        return items, joined(self.config, share, users, content)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store in a bundle, by name."""
        arrays = {
            **self.by_users.arrays(_USERS),
            **self.content.rows.arrays(_CONTENT),
            **self.content.holders.arrays(_HOLDERS),
            **self.content.terms.arrays(_CONTENT),
            _COUNTS: self.counts,
        }
        for name, rows in self.together.items():
            arrays |= rows.arrays(f"similar_{name}")
        return arrays

    @classmethod
    def load(cls, bundle: Bundle, config: SimilarConfig) -> Self:
        """Take the arrays from a bundle.

        Raises
        ------
        BundleError
            An array is missing or of another type, or they do not fit together.
        """
        terms = FieldTerms.load(bundle, _CONTENT, config)
        parts = _content_config(config), SparseRows.load(bundle, _CONTENT), terms, SparseRows.load(bundle, _HOLDERS)
        content = Content(*parts)
        vectors = ItemVectors.load(bundle) if Vectors.of_bundle(bundle) else None
        if vectors is not None and vectors.index.size:
            content = ContentWithVectors(*parts, vectors, terms.vector_share)
        together = {
            name: SparseRows.load(bundle, f"similar_{name}")
            for name in TOGETHER
            if f"similar_{name}_indptr" in bundle.arrays
        }
        counts: Any = bundle.array(_COUNTS, np.float32)
        return cls(config, SparseRows.load(bundle, _USERS), content, counts, together)

    def fits(self, n_items: int) -> bool:
        """Return whether the arrays are for this number of items."""
        matrices = (self.by_users, *self.together.values())
        return (
            self.content.fits(n_items, 0)
            and len(self.counts) == n_items
            and all(rows.fits(n_items, n_items) for rows in matrices)
        )

    def rows_of(self, method: str) -> SparseRows | None:
        """Return the matrix of a method; None where there is none of this name."""
        return {BY_USERS: self.by_users, BY_CONTENT: self.content.rows, **self.together}.get(method)


def joined(config: SimilarConfig, share: Float32, users: Float32, content: Float32) -> Float32:
    """Join likeness by users and by descriptions: `s u (1 + a d) / (1 + a) + (1 - s) w d`.

    u and d are the two likenesses, a is `agreement` and w `content_weight`. s is how much is known of the users of both
    items, the product of their `known_share`. All arrays are float32 of one shape.
    """
    agreement, weight = np.float32(config.agreement), np.float32(config.content_weight)
    agreed = users * (1 + agreement * content) / (1 + agreement)
    found: Float32 = (share * agreed + (1 - share) * weight * content).astype(np.float32)
    return found


def alike_by_content(
    item_ids: Ids, catalogue: pa.Table | None, config: SimilarConfig, vectors: Vectors | None = None
) -> Content:
    """Compare the descriptions of a catalogue field by field, and the vectors of the items, if they have any."""
    terms, entries = FieldTerms.fit(item_ids, catalogue, config)
    matrix = terms.weighted(entries, len(item_ids))
    turned = matrix.T.tocsr()
    rows = top_products(matrix, turned, config.neighbours)
    parts = terms, SparseRows.from_csr(turned)
    if vectors is None or vectors.empty:
        return Content(_content_config(config), rows, *parts)
    items, share = vectors.items, terms.vector_share
    rows = rows_of_both(rows, matrix, vectors.rows, items.index.rows, share, config.neighbours)
    return ContentWithVectors(_content_config(config), rows, *parts, items, share)


def _content_config(config: SimilarConfig) -> ContentConfig:
    return ContentConfig(neighbours=config.neighbours)


def known_share(counts: Float32, config: SimilarConfig) -> Float32:
    """Return how much is known of the users of items with these numbers of interactions, from 0 to 1."""
    share: Float32 = counts / np.maximum(counts + np.float32(config.half_known), np.float32(1e-9))
    return share
