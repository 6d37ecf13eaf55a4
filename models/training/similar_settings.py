"""Chooses the settings of similar items on held-out pairs: likeness by users, by fields, and their blend."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from models.arrays.types import Float32, Float64
from models.data.interactions import Interactions
from models.data.liked_pairs import LikedPairs
from models.data.progress import Progress, silent
from models.data.timeline import VISIT_PAUSE
from models.evaluation.similar_lists import label_sets
from models.recommenders.vectors import ItemVectors
from models.similar.by_users import MAX_USER_INTERACTIONS, nearby
from models.similar.config import FIELDS, SimilarConfig
from models.similar.field_terms import FieldTerms
from models.similar.similar_items import joined, known_share
from models.similarity.matrices import binary_matrix, counts, latest, power
from models.training.budget import Budget
from models.training.similar_trial import PairTable

MIN_PAIRS = 200
"""With fewer pairs the settings stay as they are."""
_SHARE = 0.2
"""Share of the pairs that is held out: with fewer, chance decides between settings."""
_MAX_INTERACTIONS = 1_000_000
"""Interactions of the users that are drawn for the trials, at most."""
_USER_EXPONENTS = (0.5, 0.0, 1.0)
_TARGET_EXPONENTS = (0.3, 0.5, 0.7, 0.85, 1.0)
_SHRINKAGES = (0.0, 1.0, 5.0, 20.0, 50.0)
_NEARNESSES = (0.0, 0.3, 1.0, 2.0)
_WEIGHTS = (0.0, 0.1, 0.3, 1.0, 3.0)
_DAMPINGS = (0.0, 0.3, 1.0)
_HALF_KNOWN = (0.0, 10.0, 30.0, 100.0)
_CONTENT_WEIGHTS = (0.1, 0.3, 0.6)
_AGREEMENTS = (0.0, 0.5, 1.0, 2.0)


@dataclass(frozen=True)
class _Tried:
    """Settings with the hits of the pairs, and how much the lists have in common with their items."""

    values: dict[str, float]
    hits: Float64
    overlap: float = 0.0


def choose_similar(
    interactions: Interactions,
    catalogue: pa.Table | None,
    *,
    seed: int,
    budget: Budget,
    pause: float = VISIT_PAUSE,
    progress: Progress = silent,
) -> SimilarConfig:
    """Choose the settings by the recall of held-out pairs.

    Likeness by users takes the settings with the best recall, and the fields those with the largest product of recall
    and of categories in common. The blend takes the one with the most categories in common of those that find more
    pairs than likeness by users alone does at its best, by two standard errors at least: descriptions may change a
    list for the eye, but not at the cost of what people like. The trials end where the budget is spent; what was not
    tried stays as it is.

    Parameters
    ----------
    interactions
        Each pair of user and item once; the items of the catalogue have a code.
    catalogue
        The items file of a data set, where there is one.
    pause
        Seconds without an interaction that end a visit.
    """
    start = SimilarConfig()
    sample = _sampled(latest(interactions, MAX_USER_INTERACTIONS), seed)
    pairs = LikedPairs.hold_out(sample, pause=pause, share=_SHARE, seed=seed)
    if len(pairs) < MIN_PAIRS or budget.spent:
        return start
    table = PairTable.draw(sample, pairs, label_sets(catalogue, sample.item_ids), seed=seed)
    progress("similar items", 0.0)
    chosen, by_users = _by_users(table, start, budget)
    near = _near(table, chosen, pause)
    progress("similar items", 0.4)
    chosen, by_content = _by_fields(table, chosen, catalogue, budget)
    progress("similar items", 0.8)
    if not budget.spent:
        chosen = _blended(table, chosen, by_users, near, by_content, budget)
    progress("similar items", 1.0)
    return chosen


def _sampled(interactions: Interactions, seed: int) -> Interactions:
    """Draw users with a million interactions together."""
    if len(interactions.items) <= _MAX_INTERACTIONS:
        return interactions
    order = np.random.default_rng(seed).permutation(interactions.n_users)
    kept = np.zeros(interactions.n_users, dtype=np.bool_)
    kept[order[np.cumsum(np.diff(interactions.offsets)[order]) <= _MAX_INTERACTIONS]] = True
    return interactions.select(kept[interactions.users])


def _by_users(table: PairTable, start: SimilarConfig, budget: Budget) -> tuple[SimilarConfig, Float32]:
    """Try co-occurrences: from popularity to lift, with more or less evidence."""
    matrix = binary_matrix(table.known)
    mine, theirs = matrix[:, table.items], matrix[:, table.others]
    common = (mine.T @ theirs).toarray()
    popular = counts(matrix, 0)[table.others]
    weighed: dict[float, Float32] = {}

    def scores(config: SimilarConfig) -> Float32:
        if config.user_exponent not in weighed:
            of_users = power(counts(matrix, 1), -config.user_exponent)
            weighed[config.user_exponent] = (mine.T @ sp.diags(of_users) @ theirs).toarray().astype(np.float32)
        evidence = common / np.maximum(common + np.float32(config.shrinkage), np.float32(1e-9))
        found: Float32 = weighed[config.user_exponent] * evidence * power(popular, -config.target_exponent)
        return found

    trials: list[_Tried] = []
    for user, target, shrinkage in product(_USER_EXPONENTS, _TARGET_EXPONENTS, _SHRINKAGES):
        if trials and budget.spent:
            break
        values = {"user_exponent": user, "target_exponent": target, "shrinkage": shrinkage}
        config = start.model_copy(update=values)
        trials.append(_Tried(values, table.hits(scores(config))))
    chosen = start.model_copy(update=max(trials, key=lambda one: one.hits.mean()).values)
    return chosen, _relative(table.without_itself(scores(chosen)))


def _near(table: PairTable, config: SimilarConfig, pause: float) -> Float32 | None:
    """Return likeness by what users have soon before or after; None where the log has no order."""
    if table.known.timestamps is None:
        return None
    popular = table.counts[table.others]
    near = nearby(table.known, pause, config.shrinkage)[table.items][:, table.others].toarray()
    weighed: Float32 = near * power(popular, -config.target_exponent)
    return _relative(table.without_itself(weighed))


def _by_fields(
    table: PairTable, start: SimilarConfig, catalogue: pa.Table | None, budget: Budget
) -> tuple[SimilarConfig, Float32 | None]:
    """Try the weight of each field in turn, twice, and how much evidence a field needs; vectors are a field too."""
    terms, entries = FieldTerms.fit(table.known.item_ids, catalogue, start)
    vectors = ItemVectors.fit(table.known.item_ids, catalogue).index.rows
    if not len(terms.idf) and not len(vectors):
        return start, None
    lengths = terms.lengths(entries, table.known.n_items)
    present = [name for name, typical in zip(FIELDS, terms.typical, strict=True) if typical > 0]
    cosines = np.zeros((len(table.items), len(table.others)), dtype=np.float32)
    if len(vectors):
        present.append("vectors")
        cosines = np.clip(vectors[table.items] @ vectors[table.others].T, 0.0, 1.0)

    def scores(config: SimilarConfig) -> Float32:
        chosen = terms.configured(config, lengths)
        weighted = chosen.weighted(entries, table.known.n_items)
        found: Float32 = (weighted[table.items] @ weighted[table.others].T).toarray().astype(np.float32)
        if len(vectors):
            share = np.float32(chosen.vector_share)
            found = (1 - share) * found + share * cosines
        # Equal up to rounding are equal: the order of items does not decide.
        return np.round(found, 5)

    chosen = start
    for name, choices in [*((name, _WEIGHTS) for name in present), ("damping", _DAMPINGS)] * 2:
        if budget.spent:
            break
        trials = []
        for value in dict.fromkeys([getattr(chosen, name), *choices]):
            config = chosen.model_copy(update={name: value})
            if any(getattr(config, field) > 0 for field in present):
                found = scores(config)
                trials.append(_Tried({name: value}, table.hits(found), table.mean_overlap(found)))
        chosen = chosen.model_copy(update=_balanced(trials).values)
    return chosen, scores(chosen)


def _blended(
    table: PairTable,
    start: SimilarConfig,
    by_users: Float32,
    near: Float32 | None,
    by_content: Float32 | None,
    budget: Budget,
) -> SimilarConfig:
    """Try from how many interactions on the users are known, how the descriptions count, and what is near in time."""
    trials: list[_Tried] = []
    alone = np.zeros(len(table.rows))
    descriptions = [_CONTENT_WEIGHTS, _AGREEMENTS]
    if by_content is None:
        by_content, descriptions = np.zeros_like(by_users), [(start.content_weight,), (start.agreement,)]
    for nearness in _NEARNESSES if near is not None else (0.0,):
        users = by_users if near is None else _relative(by_users + np.float32(nearness) * near)
        alone = max(alone, table.hits(users), key=np.mean)
        for half_known, weight, agreement in product(_HALF_KNOWN, *descriptions):
            if trials and budget.spent:
                break
            values = {"half_known": half_known, "content_weight": weight, "agreement": agreement, "nearness": nearness}
            config = start.model_copy(update=values)
            known = known_share(table.counts, config)
            found = joined(config, np.outer(known[table.items], known[table.others]), users, by_content)
            trials.append(_Tried(values, table.hits(found), table.mean_overlap(found)))
    good = [one for one in trials if _surely_better(one.hits, alone)]
    if not good:
        return start.model_copy(update=max(trials, key=lambda one: one.hits.mean()).values)
    return start.model_copy(update=max(good, key=lambda one: (one.overlap, one.hits.mean())).values)


def _surely_better(hits: Float64, others: Float64) -> bool:
    """Return whether hits are more than others by two standard errors of the difference: many trials are compared."""
    gained = hits - others
    return bool(gained.mean() > 2 * gained.std(ddof=1) / np.sqrt(len(gained)))


def _balanced(trials: list[_Tried]) -> _Tried:
    """Return the trial with the largest product of recall and of categories in common."""
    return max(trials, key=lambda one: (one.hits.mean() * one.overlap, one.hits.mean()))


def _relative(scores: Float32) -> Float32:
    largest = np.maximum(scores.max(axis=1, keepdims=True), 1e-9)
    found: Float32 = (scores / largest).astype(np.float32)
    return found
