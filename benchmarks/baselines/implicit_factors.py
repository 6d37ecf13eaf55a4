"""Matrix factorisation of `implicit`: alternating least squares and Bayesian personalised ranking."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from benchmarks.baselines.system import THREADS, Batch, Between, Range, Scorer, Scores, Setting, System, user_items
from models.arrays.types import Float32
from models.data.interactions import Interactions

_FACTORS = Between(16, 256, log=True, whole=True)


class ImplicitALS(System):
    """Alternating least squares (Hu, Koren and Volinsky 2008); users are folded in with their history."""

    name: ClassVar[str] = "implicit_als"
    package: ClassVar[str | None] = "implicit"
    space: ClassVar[Mapping[str, Range]] = {
        "factors": _FACTORS,
        "regularization": Between(1e-4, 10.0, log=True),
        "alpha": Between(0.5, 50.0, log=True),
        "iterations": Between(5, 40, log=True, whole=True),
    }
    start: ClassVar[Setting] = {"factors": 100, "regularization": 0.01, "alpha": 1.0, "iterations": 15}
    reads_counts: ClassVar[bool] = True

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:
        """Factorise."""
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415 - only where it is installed
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with implicit

        own = {name: value for name, value in setting.items() if name in self.space}
        # As the library advises: the threads of BLAS would slow down its own.
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(**own, num_threads=THREADS, random_state=seed)
            model.fit(user_items(train, setting), show_progress=False)
        return _FoldingIn(model, setting)


class ImplicitBPR(System):
    """Bayesian personalised ranking (Rendle et al. 2009); users are represented by the factors of the fit."""

    name: ClassVar[str] = "implicit_bpr"
    package: ClassVar[str | None] = "implicit"
    space: ClassVar[Mapping[str, Range]] = {
        "factors": _FACTORS,
        "learning_rate": Between(0.002, 0.2, log=True),
        "regularization": Between(1e-4, 0.1, log=True),
        "iterations": Between(20, 500, log=True, whole=True),
    }
    start: ClassVar[Setting] = {"factors": 100, "learning_rate": 0.01, "regularization": 0.01, "iterations": 100}

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:
        """Fit by stochastic gradient descent."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking  # noqa: PLC0415 - only where it is installed
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - comes with implicit

        with threadpool_limits(1, "blas"):
            model = BayesianPersonalizedRanking(**setting, num_threads=THREADS, random_state=seed)
            model.fit(user_items(train, setting), show_progress=False)
        return _Factors(np.asarray(model.user_factors), np.asarray(model.item_factors))


@dataclass(frozen=True)
class _FoldingIn:
    model: Any
    setting: Setting

    def score(self, batch: Batch) -> Scores:
        users = self.model.recalculate_user(batch.users, batch.matrix(self.setting))
        return np.asarray(users @ self.model.item_factors.T, dtype=np.float32)


@dataclass(frozen=True)
class _Factors:
    users: Float32
    items: Float32

    def score(self, batch: Batch) -> Scores:
        return np.asarray(self.users[batch.users] @ self.items.T, dtype=np.float32)
