"""Tuning: chooses the settings of the recommenders and of the blend on the validation part."""

import math
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from models.arrays.types import Float32
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.ranking.blend import blend
from models.ranking.candidates import KINDS, PARTS
from models.ranking.config import RankingConfig
from models.ranking.features import FeatureBuilder
from models.ranking.network import NetworkScorer
from models.ranking.retriever import Retriever, fit
from models.training.mixing import prune, search_weights
from models.training.validation import DEPTH, Pool, generate, list_ndcg

NETWORK_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
_ROUNDS = 3
_FEW = 2500
"""Users that are enough to choose a setting of one part alone, where the differences are large."""
_TUNED = 0.5
_READ = 0.25
"""Shares of the best part's NDCG that a part must have alone: to be fitted with other settings, to be a feature."""


@dataclass(frozen=True)
class Trial:
    """One setting tried on validation and the NDCG@10 it reached."""

    setting: dict[str, float | str]
    ndcg: float


@dataclass(frozen=True)
class Coordinate:
    """One number to choose: where it is in the settings, its first step and its bounds."""

    part: str
    name: str
    step: float
    low: float
    high: float

    def around(self, config: RankingConfig, halvings: int) -> Iterable[float]:
        """Give the neighbouring values to try."""
        now = float(getattr(getattr(config, self.part), self.name))
        step = self.step * 0.5**halvings
        for value in (now + step, now - step):
            bounded = round(min(max(value, self.low), self.high), 4)
            if bounded != now:
                yield bounded


@dataclass(frozen=True)
class Halved:
    """A number that is only ever halved: how many neighbours are kept, which needs no new fit."""

    part: str
    name: str
    low: int

    def around(self, config: RankingConfig, _halvings: int) -> Iterable[float]:
        """Give the half, unless it is too few."""
        half = getattr(getattr(config, self.part), self.name) // 2
        return [half] if half >= self.low else []


NEIGHBOURS = (Halved("item_knn", "neighbours", 20), Halved("user_knn", "neighbours", 20))
EXPONENTS = (
    Coordinate("item_knn", "target_exponent", 0.2, -0.2, 1.0),
    Coordinate("item_knn", "item_exponent", 0.2, 0.0, 1.0),
    Coordinate("item_knn", "user_exponent", 0.2, 0.0, 1.0),
)
ORDERED = (
    Coordinate("item_knn", "recency_decay", 0.15, 0.1, 1.0),
    Coordinate("successor", "recency_decay", 0.2, 0.1, 1.0),
    Coordinate("ease", "recency_decay", 0.1, 0.1, 1.0),
    Coordinate("spectral", "recency_decay", 0.1, 0.1, 1.0),
)
ALONE: Mapping[str, Mapping[str, tuple[float | str, ...]]] = {
    "repeats": {"half_life": (15.0, 30.0, 60.0, 120.0, 240.0)},
    "popularity": {"half_life": (0, 1, 2, 3)},
    "ease": {"regularization": (30.0, 100.0, 300.0, 1000.0)},
    "als": {"regularization": (0.1, 3.0, 30.0), "confidence": (3.0, 10.0, 40.0)},
    "user_knn": {"measure": ("cosine", "cooccurrence", "jaccard")},
    "item_knn": {"measure": ("cooccurrence", "cosine", "jaccard", "pearson", "adjusted_cosine", "euclidean")},
}
ALONE_ORDERED: Mapping[str, Mapping[str, tuple[float, ...]]] = {
    "item_knn": {"recency_decay": (0.6, 0.85, 0.95, 1.0)},
    "successor": {"recency_decay": (0.3, 0.5, 0.7, 0.9)},
    "content": {"recency_decay": (0.7, 0.9, 1.0)},
}
"""Settings that are chosen by how well their part does alone."""
REQUEST_TIME = {("repeats", "half_life"), ("popularity", "half_life")}
"""Of these, the ones that need no new fit; those of `ALONE_ORDERED` never do."""


@dataclass
class Tuner:
    """Chooses each part's own settings, then the mix, then searches coordinate by coordinate with halved steps.

    Parameters
    ----------
    retriever
        Fitted on `train` with start values.
    held
        The validation part, or a sample of it.
    deadline
        On the monotonic clock; past it nothing further is tried.
    parts
        Those that may have a weight.
    """

    train: Interactions
    retriever: Retriever
    holdout: Holdout
    seed: int
    progress: Progress
    catalogue: pa.Table | None = None
    deadline: float = math.inf
    parts: Collection[str] = PARTS
    trials: list[Trial] = field(default_factory=list)
    budget_spent: bool = False

    def tune(self) -> Retriever:
        """Choose everything but the network's weight; give the recommenders with what was chosen."""
        self._choose_strengths()
        read = self._choose_alone()
        self.progress("tuning parts", 1.0)
        self._mix(last=False)
        chosen = {name for name in PARTS if getattr(self.retriever.config.blend, name) > 0}
        ordered = ORDERED if self.train.timestamps is not None else ()
        coordinates = [one for one in (*self._exponents(), *ordered, *NEIGHBOURS) if one.part in chosen]
        planned, done = _ROUNDS * len(coordinates), 0
        for halvings in range(_ROUNDS):
            best = self._try(self.retriever, {"round": halvings})
            for coordinate in coordinates:
                for value in coordinate.around(self.retriever.config, halvings):
                    if self._late():
                        break
                    config = self.retriever.config.changed(coordinate.part, **{coordinate.name: value})
                    tried = self._with(config)
                    ndcg = self._try(tried, {f"{coordinate.part}.{coordinate.name}": value})
                    if ndcg > best:
                        best, self.retriever = ndcg, tried
                        break
                done += 1
                self.progress("tuning neighbours", done / planned)
        self._mix(last=True)
        return self.retriever.configured(self.retriever.config.model_copy(update={"network_parts": read}))

    def _exponents(self) -> tuple[Coordinate, ...]:
        """Give the exponents to search, where the measure has any."""
        return EXPONENTS if self.retriever.config.item_knn.measure == "cooccurrence" else ()

    def _present(self) -> list[str]:
        return [name for name in self.retriever.present if name in self.parts]

    def _late(self) -> bool:
        self.budget_spent |= time.monotonic() >= self.deadline
        return self.budget_spent

    def _choose_strengths(self) -> None:
        """Choose how much the strengths count, by the start mix."""
        if self.train.strengths is None:
            return
        best, start = -1.0, self.retriever
        for exponent in (1.0, 0.5, 0.0):
            config = start.config.model_copy(update={"strength_exponent": exponent})
            tried = start if exponent == 1.0 else start.refitted(self.train, config, self.catalogue)
            ndcg = self._try(tried, {"strength_exponent": exponent})
            if ndcg > best:
                best, self.retriever = ndcg, tried
            if self._late():
                return

    def _choose_alone(self) -> tuple[str, ...]:
        """Choose what each part has of its own; give the parts that are worth reading."""
        pool = Pool.generate(self.retriever, self.holdout, self.seed)
        alone = {name: pool.ndcg(_only(name)) for name in self._present()}
        self.trials += [Trial({"alone": name}, ndcg) for name, ndcg in alone.items()]
        best = max(alone.values(), default=0.0)
        ordered = ALONE_ORDERED if self.train.timestamps is not None else {}
        for part, settings in [*ordered.items(), *ALONE.items()]:
            measured = "trending" if part == "popularity" else part
            for name, values in settings.items():
                if alone.get(measured, 0.0) >= _TUNED * best:
                    self._choose(part, name, values, measured)
        return tuple(name for name, ndcg in alone.items() if ndcg >= _READ * best)

    def _choose(self, part: str, name: str, values: Iterable[float | str], measured: str) -> None:
        start = self.retriever.config
        lone = start.model_copy(update={"blend": start.blend.model_copy(update=_weights(_only(measured)))})
        alone = self.retriever.configured(lone).pruned()
        few = self.holdout.sample(_FEW, self.seed)
        best, chosen = -1.0, alone
        for value in values:
            if best >= 0 and self._late():
                break
            config = lone.changed(part, **{name: value})
            refit = name != "recency_decay" and (part, name) not in REQUEST_TIME
            present = getattr(getattr(alone.config, part), name)
            tried = self._refit(alone, part, config) if refit and value != present else alone.configured(config)
            ndcg = self._try(tried, {f"{part}.{name}": value}, few)
            if ndcg > best:
                best, chosen = ndcg, tried
        config = chosen.config.model_copy(update={"blend": start.blend})
        found = next(one for one in chosen.recommenders if one.signals[0] == part)
        self.retriever = self.retriever.replaced(found, config)

    def _mix(self, *, last: bool) -> None:
        """Search the weights of the mix; at last, leave out what hardly helps."""
        pool = Pool.generate(self.retriever, self.holdout, self.seed)
        weights, ndcg = search_weights(pool, self.retriever.weights, self._present())
        if last:
            weights = prune(pool, weights, ndcg)
        blended = self.retriever.config.blend.model_copy(update=_weights(weights))
        self.retriever = self.retriever.configured(self.retriever.config.model_copy(update={"blend": blended}))
        mixed: dict[str, float | str] = {f"blend.{name}": weight for name, weight in _weights(weights).items()}
        self.trials.append(Trial(mixed, ndcg))

    def _with(self, config: RankingConfig) -> Retriever:
        if config.item_knn.user_exponent == self.retriever.config.item_knn.user_exponent:
            return self.retriever.configured(config)
        return self._refit(self.retriever, "item_knn", config)

    def _refit(self, retriever: Retriever, part: str, config: RankingConfig) -> Retriever:
        kind = next(kind for kind in KINDS if kind.signals[0] == part)
        fitted = fit(kind, self.train.raised(config.strength_exponent), config, self.catalogue)
        return retriever.replaced(fitted, config)

    def _try(self, retriever: Retriever, setting: Mapping[str, float | str], holdout: Holdout | None = None) -> float:
        holdout = holdout or self.holdout
        lists = generate(retriever.pruned(), holdout, DEPTH)
        scores = [candidates.neighbours for candidates in lists]
        ndcg = list_ndcg(holdout, lists, scores, retriever.n_items, self.seed)
        self.trials.append(Trial(dict(setting), ndcg))
        return ndcg


def _only(name: str) -> Float32:
    return np.array([part == name for part in PARTS], dtype=np.float32)


def _weights(weights: Float32) -> dict[str, float]:
    return {name: float(weight) for name, weight in zip(PARTS, weights, strict=True)}


def tune_network_weight(
    retriever: Retriever, network: NetworkScorer, holdout: Holdout, *, seed: int, progress: Progress
) -> tuple[RankingConfig, list[Trial]]:
    """Choose the network's weight, 0 where it does not help."""
    builder = FeatureBuilder(retriever.popularity)
    lists = generate(retriever, holdout)
    scores = [network.score(builder.build(candidates)) for candidates in lists]
    trials: list[Trial] = []
    for tried, weight in enumerate(NETWORK_WEIGHTS):
        blended = [blend(candidates.neighbours, score, weight) for candidates, score in zip(lists, scores, strict=True)]
        ndcg = list_ndcg(holdout, lists, blended, retriever.n_items, seed)
        trials.append(Trial({"network_weight": weight}, ndcg))
        progress("tuning the blend", (tried + 1) / len(NETWORK_WEIGHTS))
    best = max(trials, key=lambda trial: trial.ndcg)
    return retriever.config.changed("blend", **best.setting), trials
