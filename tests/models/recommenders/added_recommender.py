"""A program that adds a recommender to the registry, and trains, loads and serves with it; see test_registry.py.

It takes a bundle that was trained without the recommender, a folder for a new one and the items of a history, and
writes what it found as JSON.
"""

import json
import sys
from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict

from models.bundle.loader import load_bundle
from models.bundle.store import BundleStore
from models.data.codes import find
from models.data.history import History
from models.data.progress import silent
from models.data.synthetic import generate
from models.recommenders import registry
from models.recommenders.entry import Entry
from models.recommenders.recommender import ItemMatrix, TrainingData
from models.recommenders.score_board import ScoreBoard
from models.recommenders.search_space import Choice, Steps
from models.similarity.matrices import strength_matrix, top_products


class PairsConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    neighbours: int = 10
    recency_decay: float = 0.9


class Pairs(ItemMatrix[PairsConfig]):
    """Scores an item by the number of users that it shares with the items of the history."""

    signals: ClassVar[tuple[str, ...]] = ("pairs", "pairs_last")

    @classmethod
    def fit(cls, training: TrainingData, config: PairsConfig) -> Self:
        matrix = strength_matrix(training.interactions)
        return cls(config, top_products(matrix.T.tocsr(), matrix, config.neighbours))

    def score(self, history: History, board: ScoreBoard) -> None:
        board.add_history(self.signals, self.rows, history.items, history.weight_table(self.config.recency_decay))


ENTRY = Entry(
    Pairs,
    PairsConfig,
    "pairs",
    weight=0.5,
    choices=(Choice("neighbours", (5, 20)),),
    searched=(Steps("recency_decay", 0.1, 0.1, 1.0, needs_order=True),),
    kept=True,
    explains_network=True,
)
registry.RECOMMENDERS = (*registry.RECOMMENDERS, ENTRY)

from models.ranking.candidate_generation import CandidateQuery  # noqa: E402 - they read the registry
from models.ranking.explanation import explain  # noqa: E402
from models.ranking.features import FEATURES  # noqa: E402
from models.ranking.network_config import NetworkConfig  # noqa: E402
from models.ranking.ranker import Ranker  # noqa: E402
from models.training.recipe import Recipe  # noqa: E402
from models.training.refresh import ChosenSettings  # noqa: E402
from models.training.trainer import train  # noqa: E402


def ranked(ranker: Ranker, items: list[str]) -> list[tuple[str, float]]:
    codes = find(ranker.item_ids, items)
    found = ranker.rank(History(codes), CandidateQuery(excluded=codes))
    return [
        (ranker.item_ids[item].decode(), float(score)) for item, score in zip(found.items, found.scores, strict=True)
    ]


def main(without: Path, folder: Path, items: list[str]) -> None:
    earlier = load_bundle(without)
    recipe = Recipe(seed=2, network=NetworkConfig(members=1, epochs=1))
    bundle = train(generate(60, 25, 900, seed=5, groups=3), BundleStore(folder), recipe=recipe, progress=silent)
    loaded = Ranker.load(bundle)
    # With a weight of its own it ranks, and its strand explains the list.
    alone = loaded.retriever.config.changed("blend", **dict.fromkeys(bundle.manifest.settings["blend"], 0.0))
    alone = alone.changed("blend", candidates=10, pairs=1.0)
    parts = [loaded.recommenders["pairs"], loaded.recommenders["popularity"]]
    ranker = Ranker(type(loaded.retriever)(alone, parts), None, loaded.item_ids, loaded.user_ids)
    history = History(find(loaded.item_ids, ["i03"]))
    found = ranker.rank(history, CandidateQuery(excluded=history.items))
    best, reasons = int(found.items[0]), explain(ranker, history, found, found.places[:1].tolist())[0]
    facts = {
        "settings": bundle.manifest.settings,
        "trials": [name for trial in bundle.manifest.metrics["trials"] for name in trial["setting"]],
        "alone": [trial["setting"].get("alone") for trial in bundle.manifest.metrics["trials"]],
        "measured": list(bundle.manifest.metrics["test"]),
        "arrays": list(bundle.arrays),
        "features": FEATURES,
        "best": best,
        "most_users": int(loaded.recommenders["pairs"].rows.row(int(history.items[0]))[0][0]),  # type: ignore[attr-defined]
        "reason": [reasons[0].strand, reasons[0].because],
        "history": int(history.items[0]),
        "earlier": ranked(Ranker.load(earlier), items),
        "keeps_earlier_network": ChosenSettings.of(earlier, keep_network=True).network is not None,
        "keeps_own_network": ChosenSettings.of(bundle, keep_network=True).network is not None,
    }
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
