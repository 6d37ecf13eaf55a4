"""The contents of a bundle: the recommenders fitted on all interactions, and further data that requests need."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.data.interactions import Interactions
from models.data.progress import Progress, silent
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.ranking.config import RankingConfig
from models.ranking.network import NetworkScorer
from models.ranking.retriever import Retriever, used
from models.recommenders.recommender import TrainingData
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.repeats import Repeats
from models.recommenders.vectors import Vectors
from models.similar.config import SimilarConfig
from models.similar.similar_items import SimilarItemsOf
from models.training.budget import Budget
from models.training.evaluate import Evaluated
from models.training.learn import default_budget, learn_network, network_files
from models.training.newcomer_window import choose_newcomer_window
from models.training.recipe import Recipe
from models.training.similar_settings import choose_similar

SIMILAR_SHARE = 0.1
"""Processor time for choosing the settings of similar items, as a share of the budget; it comes on top."""


@dataclass(frozen=True)
class Publication:
    """The contents of a bundle, fitted on all interactions, with a code for every item of the catalogue.

    `repeats` is fitted on the log including repeated pairs. `similar` are the similar items, and `budget_spent` says
    whether the budget ended the search for their settings. `network` is None where the blend does not read it; `files`
    are those of the network in both forms.
    """

    interactions: Interactions
    retriever: Retriever
    repeats: Repeats
    knowledge: Knowledge
    similar: SimilarItemsOf
    network: NetworkScorer | None = None
    files: Sequence[Path] = ()
    budget_spent: bool = False

    @classmethod
    def fit(
        cls, run: Evaluated, catalogue: pa.Table | None, folder: Path, recipe: Recipe, progress: Progress = silent
    ) -> "Publication":
        """Fit the recommenders that the blend uses and those that a bundle always holds, with the settings of a run.

        As for the test of the run, the network is trained once more where its labels come from the latest window. The
        window of popularity for users without a history is chosen anew, on the latest newcomers. The settings of
        similar items are chosen where the run has none.

        Parameters
        ----------
        folder
            Where the files of the network are written.
        """
        served = served_retriever(run.learned.ranker.retriever)
        interactions = run.everything
        window = choose_newcomer_window(interactions.successes, run.window, served.config.visit_pause)
        config = served.config.changed("popularity", newcomer_window=window)
        network, files = _network(run, served, folder, recipe, progress)
        if network is not None:
            config = config.model_copy(update={"network_signals": network.signals})
        settings, spent = config.similar, False
        if settings is None:
            settings, spent = _similar_settings(interactions.pairs, catalogue, recipe, progress)
        config = config.model_copy(update={"similar": settings})
        names = {*used(config), *(entry.name for entry in RECOMMENDERS if entry.kept)}
        retriever = Retriever.fit(interactions, config, catalogue, names - {Repeats.signals[0]})
        vectors = next((part for part in retriever.recommenders if isinstance(part, Vectors)), None)
        return cls(
            interactions,
            retriever,
            Repeats.fit(TrainingData(run.log), config.repeats),
            Knowledge.fit(catalogue, KnowledgeConfig(), interactions.item_ids),
            SimilarItemsOf.fit(interactions.pairs, catalogue, settings, run.acts, recipe.visit_pause, vectors),
            network,
            files,
            spent,
        )

    @property
    def config(self) -> RankingConfig:
        """The settings of the request path."""
        return self.retriever.config

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """Return the arrays to store, by name; those of repeats only if a user repeated an item."""
        return {
            "item_ids": self.interactions.item_ids,
            "user_ids": self.interactions.user_ids,
            **self.retriever.arrays(),
            **({} if self.repeats.empty else self.repeats.arrays()),
            **self.knowledge.arrays(),
            **self.similar.arrays(),
            **({} if self.network is None else self.network.scaler.arrays()),
        }


def _similar_settings(
    interactions: Interactions, catalogue: pa.Table | None, recipe: Recipe, progress: Progress
) -> tuple[SimilarConfig, bool]:
    """Choose the settings of similar items, and tell whether their budget was spent."""
    seconds = default_budget(len(interactions.items)) if recipe.budget is None else recipe.budget
    budget = Budget(seconds * SIMILAR_SHARE)
    pause = recipe.visit_pause
    chosen = choose_similar(interactions, catalogue, seed=recipe.seed, budget=budget, pause=pause, progress=progress)
    return chosen, budget.spent


def _network(
    run: Evaluated, served: Retriever, folder: Path, recipe: Recipe, progress: Progress
) -> tuple[NetworkScorer | None, Sequence[Path]]:
    """Return the network of a bundle and its files."""
    if not served.config.blend.reads_network:
        return None, ()
    if run.labels is not None:
        again = learn_network(
            run.everything, served, folder, run.labels, recipe.network, seed=recipe.seed, progress=progress
        )
        if again is not None:
            return again[0], network_files(folder)
    return run.learned.network, run.learned.files


def served_retriever(retriever: Retriever) -> Retriever:
    """Leave out the recommenders that only a network of weight 0 would read."""
    if retriever.config.blend.reads_network:
        return retriever
    return retriever.configured(retriever.config.model_copy(update={"network_parts": ()})).pruned()
