"""Recommenders of `irspack`: random walks, SLIM, and alternating least squares with the loss of 2021."""

import contextlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from benchmarks.baselines.system import (
    THREADS,
    Batch,
    Between,
    OneOf,
    Range,
    Scorer,
    Scores,
    Setting,
    System,
    user_items,
)
from models.data.interactions import Interactions


class _Irspack(System):
    """One of the library's recommenders; users are folded in with their history."""

    package: ClassVar[str | None] = "irspack"
    reads_counts: ClassVar[bool] = True
    recommender: ClassVar[str]
    seeded: ClassVar[bool] = False

    def fit(self, train: Interactions, setting: Setting, *, seed: int) -> Scorer:
        """Fit the library's model."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a warning of Pydantic about how the library declares its settings
            from irspack import recommenders  # noqa: PLC0415 - only where it is installed

        own = {name: value for name, value in setting.items() if name in self.space}
        more = {"random_seed": seed} if self.seeded else {}
        kind: Any = getattr(recommenders, self.recommender)
        model = kind(user_items(train, setting), **own, **more, n_threads=THREADS)
        with contextlib.redirect_stdout(io.StringIO()):  # the library's progress bars would mix with the table
            model.learn()
        return _Cold(model, setting)


class IrspackRP3Beta(_Irspack):
    """Random walks of three steps that avoid popular items (Paudel et al. 2017)."""

    name: ClassVar[str] = "irspack_rp3beta"
    recommender: ClassVar[str] = "RP3betaRecommender"
    space: ClassVar[Mapping[str, Range]] = {
        "top_k": Between(5, 1000, log=True, whole=True),
        "alpha": Between(0.2, 2.0),
        "beta": Between(0.0, 1.0),
        "normalize_weight": OneOf((False, True)),
    }
    start: ClassVar[Setting] = {"top_k": 100, "alpha": 1.0, "beta": 0.6, "normalize_weight": False}


class IrspackIALS(_Irspack):
    """Alternating least squares, tuned as "Revisiting the Performance of iALS" advises (Rendle et al. 2022)."""

    name: ClassVar[str] = "irspack_ials"
    recommender: ClassVar[str] = "IALSRecommender"
    seeded: ClassVar[bool] = True
    space: ClassVar[Mapping[str, Range]] = {
        "n_components": Between(8, 300, log=True, whole=True),
        "alpha0": Between(3e-3, 1.0, log=True),
        "reg": Between(1e-4, 0.1, log=True),
        "train_epochs": Between(5, 30, log=True, whole=True),
    }
    start: ClassVar[Setting] = {"n_components": 20, "alpha0": 0.1, "reg": 1e-3, "train_epochs": 16}


class IrspackSLIM(_Irspack):
    """Sparse linear methods with non-negative weights (Ning and Karypis 2011)."""

    name: ClassVar[str] = "irspack_slim"
    recommender: ClassVar[str] = "SLIMRecommender"
    space: ClassVar[Mapping[str, Range]] = {
        "alpha": Between(1e-5, 1.0, log=True),
        "l1_ratio": Between(0.0, 1.0),
    }
    start: ClassVar[Setting] = {"alpha": 0.05, "l1_ratio": 0.01}


@dataclass(frozen=True)
class _Cold:
    model: Any
    setting: Setting

    def score(self, batch: Batch) -> Scores:
        return np.asarray(self.model.get_score_cold_user(batch.matrix(self.setting)), dtype=np.float32)
