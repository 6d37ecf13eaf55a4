"""The contents of a bundle: the recommenders fitted on all interactions, and further data that requests need."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.data.interactions import Interactions
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.ranking.config import RankingConfig
from models.ranking.retriever import Retriever
from models.recommenders.recommender import TrainingData
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.repeats import Repeats
from models.training.evaluate import Evaluated
from models.training.newcomer_window import choose_newcomer_window


@dataclass(frozen=True)
class Publication:
    """The contents of a bundle, fitted on all interactions, with a code for every item of the catalogue.

    `repeats` is fitted on the log including repeated pairs.
    """

    interactions: Interactions
    retriever: Retriever
    repeats: Repeats
    knowledge: Knowledge

    @classmethod
    def fit(cls, run: Evaluated, catalogue: pa.Table | None) -> "Publication":
        """Fit the recommenders that the blend uses and those that a bundle always holds, with the settings of a run.

        The window of popularity for users without a history is chosen anew, on the latest newcomers.
        """
        served = served_retriever(run.learned.ranker.retriever)
        interactions = run.everything
        window = choose_newcomer_window(interactions, run.window, served.config.visit_pause)
        config = served.config.changed("popularity", newcomer_window=window)
        names = {part.signals[0] for part in served.recommenders} | {entry.name for entry in RECOMMENDERS if entry.kept}
        return cls(
            interactions,
            Retriever.fit(interactions, config, catalogue, names - {Repeats.signals[0]}),
            Repeats.fit(TrainingData(run.log), config.repeats),
            Knowledge.fit(catalogue, KnowledgeConfig(), interactions.item_ids),
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
        }


def served_retriever(retriever: Retriever) -> Retriever:
    """Leave out the recommenders that only a network of weight 0 would read."""
    if retriever.config.blend.reads_network:
        return retriever
    return retriever.configured(retriever.config.model_copy(update={"network_parts": ()})).pruned()
