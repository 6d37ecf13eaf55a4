"""Item-based CF of `implicit`: cosine, TF-IDF and BM25."""

import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp

from benchmarks.baselines.system import THREADS, Between, ItemWeights, Range, Scorer, Setting, System, user_items
from models.data.interactions import Interactions

_K = Between(5, 1000, log=True, whole=True)


class _ImplicitKNN(System):
    """One of the library's measures; as there, an item is its own neighbour too."""

    package: ClassVar[str | None] = "implicit"
    space: ClassVar[Mapping[str, Range]] = {"K": _K}
    start: ClassVar[Setting] = {"K": 20}
    reads_counts: ClassVar[bool] = True
    recommender: ClassVar[str]

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:  # noqa: ARG002 - nothing is drawn
        """Compute the similarities."""
        from implicit import nearest_neighbours  # noqa: PLC0415 - only where it is installed

        own = {name: value for name, value in setting.items() if name in self.space}
        model: Any = getattr(nearest_neighbours, self.recommender)(**own, num_threads=THREADS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # BM25 warns about a matrix that it makes itself
            model.fit(user_items(train, setting), show_progress=False)
        return ItemWeights(sp.csr_matrix(model.similarity, dtype=np.float32), setting)


class ImplicitCosine(_ImplicitKNN):
    """The cosine."""

    name: ClassVar[str] = "implicit_cosine"
    recommender: ClassVar[str] = "CosineRecommender"


class ImplicitTFIDF(_ImplicitKNN):
    """The cosine of users weighted by TF-IDF."""

    name: ClassVar[str] = "implicit_tfidf"
    recommender: ClassVar[str] = "TFIDFRecommender"


class ImplicitBM25(_ImplicitKNN):
    """The product of users weighted by BM25."""

    name: ClassVar[str] = "implicit_bm25"
    recommender: ClassVar[str] = "BM25Recommender"
    space: ClassVar[Mapping[str, Range]] = {"K": _K, "K1": Between(0.1, 200, log=True), "B": Between(0.0, 1.0)}
    start: ClassVar[Setting] = {"K": 20, "K1": 1.2, "B": 0.75}
