"""Tuning: chooses the settings of the recommenders and of the blend on the validation part."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from models.arrays.types import Float32, Float64
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.ranking.blend import blend
from models.ranking.candidates import PARTS, TRAINED
from models.ranking.config import RankingConfig
from models.ranking.features import FeatureBuilder
from models.ranking.network import NetworkScorer
from models.ranking.retriever import Retriever, fit
from models.recommenders.entry import Entry
from models.recommenders.recommender import TrainingData
from models.recommenders.registry import RECOMMENDERS, entry_of
from models.recommenders.search_space import Choice, Halving, Steps
from models.training.budget import Budget
from models.training.mixing import prune, search_weights
from models.training.validation import DEPTH, Pool, generate, list_ndcg, within_one_error

NETWORK_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
DISLIKE_WEIGHTS: tuple[float, ...] = (0.1, 0.25, 0.5, 1.0)
_ROUNDS = 3
_ALONE_USERS = 2500
"""Users in the sample that chooses a setting of a single part, where differences are large."""
_TUNED = 0.5
"""Share of the best part's NDCG that a part must reach alone to be tuned."""
_READ = 0.25
"""Share of the best part's NDCG that a part must reach alone to be read by the network."""


@dataclass(frozen=True)
class Trial:
    """One setting tried on validation and the NDCG@10 it reached."""

    setting: dict[str, float | str]
    ndcg: float


@dataclass(frozen=True)
class Coordinate:
    """A setting of a recommender that is searched within the mix."""

    entry: Entry
    search: Steps | Halving

    @property
    def name(self) -> str:
        """The recommender and the setting, as named in the trials."""
        return f"{self.entry.name}.{self.search.name}"

    def around(self, config: RankingConfig, halvings: int) -> Iterable[float]:
        """Return the values to try, without the present one."""
        return self.search.around(getattr(config, self.entry.name), halvings)

    def changed(self, config: RankingConfig, value: float) -> RankingConfig:
        """Return the same settings with another value."""
        return config.changed(self.entry.name, **{self.search.name: value})


def coordinates(config: RankingConfig, *, ordered: bool) -> list[Coordinate]:
    """List what is searched within the mix: exponents first, then decays of ordered data, then neighbours."""
    found = [
        Coordinate(entry, search)
        for entry in RECOMMENDERS
        if any(getattr(config.blend, part) > 0 for part in entry.parts)
        for search in entry.searched
        if search.matters(getattr(config, entry.name), ordered=ordered)
    ]
    return sorted(found, key=lambda one: (isinstance(one.search, Halving), one.search.needs_order))


def choices(*, ordered: bool) -> list[tuple[Entry, Choice]]:
    """List the settings that are chosen by the accuracy of a recommender alone.

    The decays of ordered data come first, then what needs no new fit. What needs one follows in the reverse order of
    the registry, whose first entries take longest.
    """
    found = [(entry, choice) for entry in RECOMMENDERS for choice in entry.choices]
    decays = [one for one in found if one[1].needs_order] if ordered else []
    quick = [one for one in found if not one[1].needs_order and not one[1].needs_fit]
    slow = [
        (entry, choice)
        for entry in reversed(RECOMMENDERS)
        for choice in entry.choices
        if not choice.needs_order and choice.needs_fit
    ]
    return [*decays, *quick, *slow]


@dataclass
class Tuner:
    """Chooses each part's own settings, then the mix, then searches coordinate by coordinate with halved steps.

    Parameters
    ----------
    train
        The training part.
    retriever
        Fitted on `train` with start values.
    holdout
        The validation part, or a sample of it.
    seed
        Seed of the samples and of breaking ties.
    catalogue
        The items file of the data set, where there is one.
    budget
        Nothing further is tried once it is spent.
    parts
        The parts that may have a weight.
    """

    train: Interactions
    retriever: Retriever
    holdout: Holdout
    seed: int
    progress: Progress
    catalogue: pa.Table | None = None
    budget: Budget = field(default_factory=lambda: Budget(math.inf))
    parts: Collection[str] = TRAINED
    trials: list[Trial] = field(default_factory=list)
    budget_spent: bool = False

    def tune(self) -> Retriever:
        """Choose everything but the network's weight; return the recommenders with what was chosen."""
        self._choose_strengths()
        read = self._choose_alone()
        self.progress("tuning parts", 1.0)
        self._mix(last=False)
        self._choose_dislikes()
        searched = coordinates(self.retriever.config, ordered=self._ordered)
        planned, done = _ROUNDS * len(searched), 0
        for halvings in range(_ROUNDS):
            best = self._try(self.retriever, {"round": halvings})
            for coordinate in searched:
                for value in coordinate.around(self.retriever.config, halvings):
                    if self._late():
                        break
                    config = coordinate.changed(self.retriever.config, value)
                    if coordinate.search.needs_fit:
                        tried = self._refit(self.retriever, coordinate.entry, config)
                    else:
                        tried = self.retriever.configured(config)
                    ndcg = self._try(tried, {coordinate.name: value})
                    if ndcg > best:
                        best, self.retriever = ndcg, tried
                        break
                done += 1
                self.progress("tuning neighbours", done / planned)
        self._mix(last=True)
        return self.retriever.configured(self.retriever.config.model_copy(update={"network_parts": read}))

    @property
    def _ordered(self) -> bool:
        return self.train.timestamps is not None

    def _present(self) -> list[str]:
        return [name for name in self.retriever.present if name in self.parts]

    def _late(self) -> bool:
        self.budget_spent |= self.budget.spent
        return self.budget_spent

    def _choose_strengths(self) -> None:
        """Choose how much the strengths count, by the NDCG of the initial mix."""
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

    def _choose_dislikes(self) -> None:
        """Choose how much dislikes count against similar items: 0 within one standard error of the best weight."""
        if self.holdout.disliked is None:
            return
        found: list[tuple[Retriever, Float64]] = []
        for weight in (0.0, *DISLIKE_WEIGHTS):
            if found and self._late():
                break
            config = self.retriever.config.model_copy(update={"dislike_weight": weight})
            tried = self.retriever.configured(config)
            found.append((tried, self._measure(tried, {"dislike_weight": weight}, self.holdout)))
        best, values = max(found, key=lambda one: float(one[1].mean()))
        if not within_one_error(values, found[0][1]):
            self.retriever = best

    def _choose_alone(self) -> tuple[str, ...]:
        """Choose each recommender's own settings; name the parts that the network is to read."""
        pool = Pool.generate(self.retriever, self.holdout, self.seed)
        alone = {name: pool.ndcg(_only(name)) for name in self._present()}
        self.trials += [Trial({"alone": name}, ndcg) for name, ndcg in alone.items()]
        best = max(alone.values(), default=0.0)
        for entry, choice in choices(ordered=self._ordered):
            if alone.get(choice.measured_by or entry.name, -1.0) >= _TUNED * best:
                self._choose(entry, choice)
        return tuple(name for name, ndcg in alone.items() if ndcg >= _READ * best and entry_of(name).read_by_network)

    def _choose(self, entry: Entry, choice: Choice) -> None:
        start, measured = self.retriever.config, choice.measured_by or entry.name
        lone = start.model_copy(update={"blend": start.blend.model_copy(update=_weights(_only(measured)))})
        alone = self.retriever.configured(lone).pruned()
        few = self.holdout.sample(_ALONE_USERS, self.seed)
        best, chosen = -1.0, alone
        for value in choice.values:
            if best >= 0 and self._late():
                break
            config = lone.changed(entry.name, **{choice.name: value})
            present = getattr(getattr(alone.config, entry.name), choice.name)
            refit = choice.needs_fit and value != present
            tried = self._refit(alone, entry, config) if refit else alone.configured(config)
            ndcg = self._try(tried, {f"{entry.name}.{choice.name}": value}, few)
            if ndcg > best:
                best, chosen = ndcg, tried
        config = chosen.config.model_copy(update={"blend": start.blend})
        found = next(one for one in chosen.recommenders if one.signals[0] == entry.name)
        self.retriever = self.retriever.replaced(found, config)

    def _mix(self, *, last: bool) -> None:
        """Search the weights of the mix; in the last search, leave out parts that hardly help."""
        pool = Pool.generate(self.retriever, self.holdout, self.seed)
        weights, ndcg = search_weights(pool, self.retriever.weights, self._present())
        if last:
            weights = prune(pool, weights)
            ndcg = pool.ndcg(weights)
        blended = self.retriever.config.blend.model_copy(update=_weights(weights))
        self.retriever = self.retriever.configured(self.retriever.config.model_copy(update={"blend": blended}))
        mixed: dict[str, float | str] = {f"blend.{name}": weight for name, weight in _weights(weights).items()}
        self.trials.append(Trial(mixed, ndcg))

    def _refit(self, retriever: Retriever, entry: Entry, config: RankingConfig) -> Retriever:
        training = TrainingData(self.train.pairs.raised(config.strength_exponent), self.catalogue)
        return retriever.replaced(fit(entry, training, config), config)

    def _try(self, retriever: Retriever, setting: Mapping[str, float | str], holdout: Holdout | None = None) -> float:
        return float(self._measure(retriever, setting, holdout or self.holdout).mean())

    def _measure(self, retriever: Retriever, setting: Mapping[str, float | str], holdout: Holdout) -> Float64:
        """Measure each user's NDCG@10, and note the trial."""
        lists = generate(retriever.pruned(), holdout, DEPTH)
        scores = [candidates.neighbours for candidates in lists]
        found = list_ndcg(holdout, lists, scores, self.seed)
        self.trials.append(Trial(dict(setting), float(found.mean())))
        return found


def _only(name: str) -> Float32:
    return np.array([part == name for part in PARTS], dtype=np.float32)


def _weights(weights: Float32) -> dict[str, float]:
    return {name: float(weight) for name, weight in zip(PARTS, weights, strict=True)}


def tune_network_weight(
    retriever: Retriever, network: NetworkScorer, holdout: Holdout, *, seed: int, progress: Progress
) -> tuple[RankingConfig, list[Trial]]:
    """Choose the network's weight: 0 where the mix alone is within one standard error of the best weight."""
    builder = FeatureBuilder(retriever.popularity, network.signals, context=network.context)
    lists = generate(retriever, holdout)
    scores = [network.score(builder.build(candidates)) for candidates in lists]
    trials: list[Trial] = []
    found: list[Float64] = []
    for tried, weight in enumerate(NETWORK_WEIGHTS):
        blended = [blend(candidates, score, weight) for candidates, score in zip(lists, scores, strict=True)]
        found.append(list_ndcg(holdout, lists, blended, seed))
        trials.append(Trial({"network_weight": weight}, float(found[-1].mean())))
        progress("tuning the blend", (tried + 1) / len(NETWORK_WEIGHTS))
    best = max(range(len(trials)), key=lambda place: trials[place].ndcg)
    chosen = 0 if within_one_error(found[best], found[0]) else best
    return retriever.config.changed("blend", **trials[chosen].setting), trials
