"""Tuning: chooses the settings of the recommenders and of the blend on the validation part."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.data.held import Held
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.evaluation.metrics import evaluate_lists
from models.ranking.blend import blend
from models.ranking.candidates import Candidates, Retriever
from models.ranking.config import RankingConfig
from models.ranking.features import FeatureBuilder
from models.ranking.network import NetworkScorer
from models.recommenders.ease import Ease
from models.recommenders.item_knn import ItemKNN

Float32 = npt.NDArray[np.float32]

METRIC = "ndcg@10"
_DEPTH = 10
NETWORK_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
REGULARIZATIONS = (30.0, 100.0, 300.0, 1000.0)
_ROUNDS = 3


@dataclass(frozen=True)
class Trial:
    """One setting tried on validation and the NDCG@10 it reached."""

    setting: dict[str, float]
    ndcg: float


@dataclass(frozen=True)
class Coordinate:
    """One number to choose: where it is in the settings, its first step and its bounds.

    The step is added; for a weight the number is multiplied with it or divided by it, and 0 is tried first.
    """

    part: str
    name: str
    step: float
    low: float
    high: float

    def around(self, config: RankingConfig, halvings: int) -> Iterable[float]:
        """Give the neighbouring values to try."""
        now = float(getattr(getattr(config, self.part), self.name))
        if self.part == "blend":
            factor = self.step ** (0.5**halvings)
            tried = [now * factor, now / factor] if now else [self.low * 2]
            tried += [0.0] if halvings == 0 else []
        else:
            tried = [now + self.step * 0.5**halvings, now - self.step * 0.5**halvings]
        for value in tried:
            bounded = round(min(max(value, 0.0 if self.part == "blend" else self.low), self.high), 4)
            if bounded != now:
                yield bounded


ALWAYS = (
    Coordinate("item_knn", "target_exponent", 0.2, -0.2, 1.0),
    Coordinate("item_knn", "item_exponent", 0.2, 0.0, 1.0),
    Coordinate("item_knn", "user_exponent", 0.2, 0.0, 1.0),
    Coordinate("blend", "user_knn", 2.0, 0.05, 2.0),
)
ORDERED = (
    Coordinate("item_knn", "recency_decay", 0.15, 0.1, 1.0),
    Coordinate("blend", "successor", 2.0, 0.05, 4.0),
    Coordinate("successor", "recency_decay", 0.2, 0.1, 1.0),
)
WITH_CONTENT = (Coordinate("blend", "content", 2.0, 0.05, 2.0),)
WITH_EASE = (Coordinate("blend", "ease", 2.0, 0.25, 16.0),)


@dataclass
class Tuner:
    """Searches the settings coordinate by coordinate, with steps that are halved each round.

    Parameters
    ----------
    retriever
        Fitted on `train` with start values.
    held
        The validation part, or a sample of it.
    deadline
        On the monotonic clock; past it nothing further is tried.
    """

    train: Interactions
    retriever: Retriever
    held: Held
    seed: int
    progress: Progress
    deadline: float = math.inf
    trials: list[Trial] = field(default_factory=list)

    def tune(self) -> Retriever:
        """Choose everything but the network's weight; give the recommenders with what was chosen."""
        ordered = self.train.timestamps is not None
        coordinates = [*ALWAYS, *(ORDERED if ordered else ())]
        present = {part.signals[0] for part in self.retriever.recommenders if len(part.rows.indices)}
        coordinates += WITH_CONTENT if "content" in present else ()
        coordinates += WITH_EASE if "ease" in present else ()
        if "ease" in present:
            self._choose_regularization()
        best = self._try(self.retriever, {})
        planned, done = _ROUNDS * len(coordinates), 0
        for halvings in range(_ROUNDS):
            for coordinate in coordinates:
                for value in coordinate.around(self.retriever.config, halvings):
                    if time.monotonic() >= self.deadline:
                        break
                    config = self.retriever.config.changed(coordinate.part, **{coordinate.name: value})
                    tried = self._with(config)
                    ndcg = self._try(tried, {f"{coordinate.part}.{coordinate.name}": value})
                    if ndcg > best:
                        best, self.retriever = ndcg, tried
                        break
                done += 1
                self.progress("tuning neighbours", done / planned)
        return self.retriever

    def _choose_regularization(self) -> None:
        alone = {"item_knn": 0.0, "successor": 0.0, "content": 0.0, "user_knn": 0.0, "ease": 1.0}
        best = -1.0
        start = self.retriever.config
        chosen = self.retriever
        for value in REGULARIZATIONS:
            if best >= 0 and time.monotonic() >= self.deadline:
                break
            config = start.changed("ease", regularization=value).changed("blend", **alone)
            tried = self.retriever.replaced(Ease.fit(self.train, config.ease), config)
            ndcg = self._try(tried, {"ease.regularization": value})
            if ndcg > best:
                best, chosen = ndcg, tried
        self.retriever = chosen.configured(chosen.config.model_copy(update={"blend": start.blend}))

    def _with(self, config: RankingConfig) -> Retriever:
        if config.item_knn.user_exponent == self.retriever.config.item_knn.user_exponent:
            return self.retriever.configured(config)
        return self.retriever.replaced(ItemKNN.fit(self.train, config.item_knn), config)

    def _try(self, retriever: Retriever, setting: dict[str, float]) -> float:
        lists = draw(retriever, self.held, _DEPTH)
        ndcg = _ndcg(self.held, lists, [candidates.neighbours for candidates in lists], retriever, self.seed)
        self.trials.append(Trial(setting, ndcg))
        return ndcg


def tune_network_weight(
    retriever: Retriever, network: NetworkScorer, held: Held, *, seed: int, progress: Progress
) -> tuple[RankingConfig, list[Trial]]:
    """Choose the network's weight, 0 where it does not help."""
    builder = FeatureBuilder(retriever.popularity)
    lists = draw(retriever, held)
    scores = [network.score(builder.build(candidates)) for candidates in lists]
    trials: list[Trial] = []
    for tried, weight in enumerate(NETWORK_WEIGHTS):
        blended = [blend(candidates.neighbours, score, weight) for candidates, score in zip(lists, scores, strict=True)]
        trials.append(Trial({"network_weight": weight}, _ndcg(held, lists, blended, retriever, seed)))
        progress("tuning the blend", (tried + 1) / len(NETWORK_WEIGHTS))
    best = max(trials, key=lambda trial: trial.ndcg)
    return retriever.config.changed("blend", **best.setting), trials


def draw(retriever: Retriever, held: Held, limit: int | None = None) -> list[Candidates]:
    """Draw the candidates of every held-out user."""
    return [
        retriever.retrieve(
            held.history(row),
            user=int(user),
            excluded=held.excluded(row),
            only=held.candidate_list(row),
            limit=limit,
        )
        for row, user in enumerate(held.users)
    ]


def _ndcg(held: Held, lists: list[Candidates], scores: list[Float32], retriever: Retriever, seed: int) -> float:
    rng = np.random.default_rng(seed)
    ranked = np.full((len(lists), _DEPTH), -1, dtype=np.int32)
    for row, (candidates, values) in enumerate(zip(lists, scores, strict=True)):
        order = np.lexsort((rng.random(len(values)), -values))[:_DEPTH]
        ranked[row, : len(order)] = candidates.items[order]
    n_items = len(retriever.popularity.counts)
    return evaluate_lists(ranked, held.target_offsets, held.target_items, (_DEPTH,), n_items)[METRIC]
