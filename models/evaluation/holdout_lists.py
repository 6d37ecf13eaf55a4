"""Ranked lists for held-out users: of the blend, of each part alone and of popularity."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from models.arrays import dense
from models.arrays.types import Float32, Int32, Mask
from models.data.history import History
from models.data.holdout import Holdout
from models.data.progress import Progress
from models.evaluation.report import BLEND, NETWORK, POPULARITY
from models.evaluation.requests import request_of
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import PARTS
from models.ranking.newcomers import newcomer_lift
from models.ranking.parallel import in_parallel
from models.ranking.ranked import Ranked
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.ranking.rotation import LoggedRotation

_NOTHING: Int32 = np.empty(0, dtype=np.int32)


def rank_holdout(
    ranker: Ranker,
    everyone: Retriever,
    holdout: Holdout,
    length: int,
    *,
    seed: int,
    progress: Progress,
    phase: str = "ranking",
    alone: bool = True,
    rotation: LoggedRotation | None = None,
) -> dict[str, Int32]:
    """Rank items for every held-out user.

    Ties are broken at random under the seed, never in the test item's favour.

    Parameters
    ----------
    ranker
        Fitted without the held-out items.
    everyone
        All parts, for their evaluation alone.
    holdout
        Users with their histories; its `candidates`, where given, are the complete lists to rank.
    length
        Length of the lists, at most.
    alone
        Whether each part and the network is measured alone as well.
    rotation
        The rule by which what was shown and passed over sinks, in all lists but that of popularity; none where None.

    Returns
    -------
    dict
        Name of the blend, popularity and, with `alone`, each part and the network to int32 (users, length): item
        codes, best first, -1 where the list ends early.
    """
    parts = [name for name in everyone.present if name != POPULARITY] if alone else []
    names = [BLEND, *parts, POPULARITY]
    if ranker.network is not None and alone:
        names.append(NETWORK)
    lists = {name: np.full((len(holdout.users), length), -1, dtype=np.int32) for name in names}
    popularity = ranker.retriever.popularity.counts
    by_popularity = _by_popularity(popularity, np.random.default_rng(seed))
    count = max(length, ranker.retriever.config.blend.candidates)

    def rotated(row: int, history: History, items: Int32, scores: dict[str, Float32]) -> dict[str, Float32]:
        if rotation is None:
            return scores
        return {name: rotation.rotated(holdout, row, history, items, each) for name, each in scores.items()}

    def rank(own: tuple[Retriever, ...], row: int) -> None:
        rng = np.random.default_rng((seed, row))
        history, query = request_of(holdout, row, limit=count)
        only = query.only
        if alone or only is not None:
            everything = own[0].retrieve(history, replace(query, top_only=False))
            # A part alone ranks all candidates that it scores; the blend those that it would generate.
            scores = {name: everything.parts[PARTS.index(name)] for name in parts}
            scores = rotated(row, history, everything.items, scores)
            if only is not None:
                scores[POPULARITY] = popularity[everything.items]
            _fill(lists, row, everything.items, scores, rng, everything.wanted)
        # As a server ranks it; the order of equal scores is drawn.
        ranked = ranker.rank(history, query, retriever=own[1], with_network=len(history) > 0)
        _fill(lists, row, ranked.items, rotated(row, history, ranked.items, {BLEND: ranked.scores}), rng)
        if ranker.network is not None and alone:
            candidates = ranked.candidates
            network = ranked.network
            if network is None:
                network = ranker.network.score(ranker.features.build(candidates))
            of_network = rotated(row, history, candidates.items, {NETWORK: network})
            _fill(lists, row, candidates.items, of_network, rng, candidates.wanted)
        if only is None:
            head = by_popularity[: length + len(query.excluded)]
            unseen = head[~np.isin(head, query.excluded)]
            lists[POPULARITY][row, : len(unseen[:length])] = unseen[:length]

    step = max(len(holdout.users) // 100, 1)
    for row, _ in enumerate(in_parallel((everyone, ranker.retriever), len(holdout.users), rank)):
        if row % step == 0:
            progress(phase, row / len(holdout.users))
    progress(phase, 1.0)
    return lists


def rank_popular(counts: Float32, holdout: Holdout, length: int, *, seed: int) -> Int32:
    """Rank items for users without a history by the counts of the items: int32 (users, length) as above."""
    rng = np.random.default_rng(seed)
    by_popularity = _by_popularity(counts, rng)
    lists = np.full((len(holdout.users), length), -1, dtype=np.int32)
    lists[:, : len(by_popularity)] = by_popularity[:length]
    for row in range(len(holdout.users)):
        only = holdout.candidate_list(row)
        if only is not None:
            lists[row] = -1
            _fill({POPULARITY: lists}, row, only, {POPULARITY: counts[only]}, rng)
    return lists


def rank_newcomers(ranker: Ranker, holdout: Holdout, length: int, *, seed: int) -> tuple[Int32, Mask]:
    """Rank items for users without a history as a server does, and mark those whose profile or context was known."""
    rng = np.random.default_rng(seed)
    lists = rank_popular(ranker.popularity.newcomer_counts, holdout, length, seed=seed)
    known = np.zeros(len(holdout), dtype=np.bool_)
    profiles, contexts, affinity = holdout.source.profiles, holdout.contexts, ranker.retriever.affinity
    if affinity is None:
        return lists, known
    # Of many newcomers some have the same profile: it is ranked once.
    found: dict[tuple[bytes, bytes | None], Ranked | None] = {}
    for row, user in enumerate(holdout.users.tolist()):
        profile = None if profiles is None else profiles.of(user)
        profile = profile if contexts is None else contexts.beside(profile, row)
        history, only = History(_NOTHING, profile=profile), holdout.candidate_list(row)
        key = affinity.known(history.profile).tobytes(), None if only is None else only.tobytes()
        if key not in found:
            lifted = newcomer_lift(ranker.retriever, history)
            query = CandidateQuery(only=only, limit=max(length, ranker.n_candidates))
            found[key] = None if lifted is None else ranker.rank(history, query, with_network=False)
        ranked = found[key]
        if ranked is not None:
            known[row], lists[row] = True, -1
            _fill({POPULARITY: lists}, row, ranked.items, {POPULARITY: ranked.scores}, rng)
    return lists, known


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
    if not len(shuffled) or not scores:
        return
    table = np.stack([values[shuffled] for values in scores.values()])
    length = next(iter(lists.values())).shape[1]
    kept = min(length, len(shuffled))
    top, _ = dense.top_of_dense(table, len(shuffled), kept, -np.inf)
    best = items[shuffled[top]]
    for position, name in enumerate(scores):
        lists[name][row, :kept] = best[position]
