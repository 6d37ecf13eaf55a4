"""Chooses the network's weight for the kinds of lists that candidate generation alone does not give."""

from collections.abc import Sequence

from models.evaluation.list_kinds import ListsOfKind
from models.ranking.blend import blend, network_weight
from models.ranking.config import RankingConfig
from models.ranking.features import FeatureBuilder
from models.ranking.network import NetworkScorer
from models.ranking.retriever import Retriever
from models.training import tuning
from models.training.validation import list_ndcg, within_one_error


def choose_by_kind(
    retriever: Retriever, network: NetworkScorer, kinds: Sequence[ListsOfKind], *, seed: int
) -> tuple[RankingConfig, list[tuning.Trial]]:
    """Choose the network's weight for each kind of list on validation: the least within one standard error of the best.

    It is 0 where the mix alone is as good. Kinds without lists keep the weight of generated lists.
    """
    config, trials = retriever.config, list[tuning.Trial]()
    builder = FeatureBuilder(retriever.popularity, network.signals, context=network.context)
    for lists in kinds:
        candidates = lists.generate(retriever)
        scores = [network.score(builder.build(one)) for one in candidates]
        setting = f"network_weight_{lists.kind}"
        found = []
        for weight in tuning.NETWORK_WEIGHTS:
            weights = config.blend.model_copy(update={setting: weight})
            blended = [
                blend(one, score, network_weight(weights, one)) for one, score in zip(candidates, scores, strict=True)
            ]
            found.append(list_ndcg(lists.holdout, candidates, blended, seed))
        best = max(found, key=lambda ndcg: float(ndcg.mean()))
        chosen = next(place for place, ndcg in enumerate(found) if within_one_error(best, ndcg))
        config = config.changed("blend", **{setting: tuning.NETWORK_WEIGHTS[chosen]})
        trials += [
            tuning.Trial({setting: weight}, float(ndcg.mean()))
            for weight, ndcg in zip(tuning.NETWORK_WEIGHTS, found, strict=True)
        ]
    return config, trials
