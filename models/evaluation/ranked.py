"""Ranked lists for held-out users: of the blend, of each part alone and of popularity."""

import numpy as np
import numpy.typing as npt

from models.data.held import Held
from models.data.progress import Progress
from models.evaluation.report import BLEND, NETWORK, POPULARITY
from models.ranking.candidates import PARTS
from models.ranking.crew import in_crew
from models.ranking.drawing import Wish
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.recommenders import dense

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]


def rank_held(
    ranker: Ranker,
    everyone: Retriever,
    held: Held,
    length: int,
    *,
    seed: int,
    progress: Progress,
    phase: str = "ranking",
    alone: bool = True,
) -> dict[str, Int32]:
    """Rank items for every held-out user.

    Ties are broken at random under the seed, never in the test item's favour.

    Parameters
    ----------
    ranker
        Fitted without the held-out items.
    everyone
        All parts, to be measured alone.
    held
        Users with their histories; `held.candidates`, where given, are the complete lists to rank.
    length
        Length of the lists, at most.
    alone
        Whether each part, and the network, is ranked by alone.

    Returns
    -------
    dict
        The blend, popularity and, alone, each part and the network to int32 (users, length): item codes, best
        first, -1 where the list ends early.
    """
    parts = [name for name in everyone.present if name != POPULARITY] if alone else []
    names = [BLEND, *parts, POPULARITY]
    if ranker.network is not None and alone:
        names.append(NETWORK)
    lists = {name: np.full((len(held.users), length), -1, dtype=np.int32) for name in names}
    popularity = ranker.retriever.popularity.counts
    by_popularity = _by_popularity(popularity, np.random.default_rng(seed))
    count = max(length, ranker.retriever.config.blend.candidates)
    same = ranker.retriever.reads(everyone)

    def rank(own: tuple[Retriever, ...], row: int) -> None:
        rng = np.random.default_rng((seed, row))
        history = held.history(row)
        only = held.candidate_list(row)
        excluded = held.excluded(row)
        drawn = None
        if alone or only is not None:
            everything = own[0].retrieve(history, Wish(excluded=excluded, only=only, limit=count, cut=False))
            # A part alone ranks all that it touches; the blend what it would draw.
            scores = {name: everything.parts[PARTS.index(name)] for name in parts}
            if only is not None:
                scores[POPULARITY] = popularity[everything.items]
            _fill(lists, row, everything.items, scores, rng, everything.wanted)
            drawn = everything.best(count) if same else None
        if drawn is None:
            drawn = own[1].retrieve(history, Wish(excluded=excluded, only=only, limit=count))
        network = None if ranker.network is None else ranker.network.score(ranker.features.build(drawn))
        scores = {BLEND: ranker.score(drawn, network)}
        if network is not None and alone:
            scores[NETWORK] = network
        _fill(lists, row, drawn.items, scores, rng, drawn.wanted)
        if only is None:
            head = by_popularity[: length + len(excluded)]
            unseen = head[~np.isin(head, excluded)]
            lists[POPULARITY][row, : len(unseen[:length])] = unseen[:length]

    step = max(len(held.users) // 100, 1)
    for row, _ in enumerate(in_crew((everyone, ranker.retriever), len(held.users), rank)):
        if row % step == 0:
            progress(phase, row / len(held.users))
    progress(phase, 1.0)
    return lists


def rank_popular(ranker: Ranker, held: Held, length: int, *, seed: int) -> Int32:
    """Rank items for users without a history, who get the popular ones: int32 (users, length) as above."""
    rng = np.random.default_rng(seed)
    counts = ranker.retriever.popularity.counts
    by_popularity = _by_popularity(counts, rng)
    lists = np.full((len(held.users), length), -1, dtype=np.int32)
    lists[:, : len(by_popularity)] = by_popularity[:length]
    for row in range(len(held.users)):
        only = held.candidate_list(row)
        if only is not None:
            lists[row] = -1
            _fill({POPULARITY: lists}, row, only, {POPULARITY: counts[only]}, rng)
    return lists


def _by_popularity(counts: Float32, rng: np.random.Generator) -> Int32:
    return np.lexsort((rng.random(len(counts)), -counts)).astype(np.int32)


def _fill(
    lists: dict[str, Int32],
    row: int,
    items: Int32,
    scores: dict[str, Float32],
    rng: np.random.Generator,
    wanted: npt.NDArray[np.bool_] | None = None,
) -> None:
    # Shuffled first, so that equal scores come in random order.
    shuffled = rng.permutation(len(items))
    if wanted is not None:
        shuffled = shuffled[wanted[shuffled]]
    if not len(shuffled):
        return
    table = np.stack(list(scores.values()))[:, shuffled]
    length = next(iter(lists.values())).shape[1]
    kept = min(length, len(shuffled))
    top, _ = dense.top_of_dense(table, len(shuffled), kept, -np.inf)
    best = items[shuffled[top]]
    for position, name in enumerate(scores):
        lists[name][row, :kept] = best[position]
