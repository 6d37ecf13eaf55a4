"""Ranked lists for held-out users: of the blend, of each part alone and of popularity."""

import numpy as np
import numpy.typing as npt

from models.data.held import Held
from models.data.progress import Progress
from models.ranking.ranker import Ranker
from models.recommenders import kernels

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]

BLEND = "braid"
POPULARITY = "popularity"
_PARTS = {"item_knn": kernels.RECENCY, "user_knn": kernels.USERS}


def rank_held(
    ranker: Ranker,
    held: Held,
    length: int,
    *,
    seed: int,
    progress: Progress,
    phase: str = "ranking",
    include_seen: bool = False,
) -> dict[str, Int32]:
    """Rank items for every held-out user.

    Ties are broken at random under the seed, never in the test item's favour.

    Parameters
    ----------
    ranker
        Fitted without the held-out items.
    held
        Users with their histories; `held.candidates`, where given, are the complete lists to rank.
    length
        Length of the lists, at most.
    include_seen
        Whether items of the history may be recommended.

    Returns
    -------
    dict
        The blend, each part and each baseline to int32 (users, length): item codes, best first, -1 where the
        list ends early.
    """
    rng = np.random.default_rng(seed)
    names = [BLEND, *_PARTS, POPULARITY]
    if ranker.network is not None:
        names.append("network")
    lists = {name: np.full((len(held.users), length), -1, dtype=np.int32) for name in names}
    popularity = ranker.retriever.popularity.counts
    by_popularity = np.lexsort((rng.random(len(popularity)), -popularity)).astype(np.int32)
    drawn = max(length, ranker.retriever.config.blend.candidates)
    nothing = np.empty(0, dtype=np.int32)
    step = max(len(held.users) // 100, 1)
    for row, user in enumerate(held.users):
        history = held.history(row)
        only = held.candidate_list(row)
        candidates = ranker.retriever.retrieve(
            history, user=int(user), excluded=nothing if include_seen else history, only=only, limit=drawn
        )
        scores: dict[str, Float32] = {name: candidates.signals[column] for name, column in _PARTS.items()}
        scores[BLEND] = ranker.score(candidates)
        scores[POPULARITY] = popularity[candidates.items]
        if ranker.network is not None:
            scores["network"] = ranker.network.score(ranker.features.build(candidates))
        noise = rng.random(len(candidates.items), dtype=np.float32)
        for name, values in scores.items():
            order = np.lexsort((noise, -values))[:length]
            lists[name][row, : len(order)] = candidates.items[order]
        if only is None:
            head = by_popularity[: length + len(history)]
            unseen = head if include_seen else head[~np.isin(head, history)]
            lists[POPULARITY][row, : len(unseen[:length])] = unseen[:length]
        if row % step == 0:
            progress(phase, row / len(held.users))
    progress(phase, 1.0)
    return lists
