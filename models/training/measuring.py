"""What a run measures of its lists: validation, kinds of lists, segments, and more than accuracy."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.arrays.types import Int32
from models.data.folder import DataSet
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.progress import Progress
from models.evaluation.beyond_accuracy import BeyondAccuracy
from models.evaluation.by_kind import MeasuredKind, compare_with_best, measure_kind
from models.evaluation.holdout_lists import rank_holdout, rank_newcomers, rank_popular
from models.evaluation.list_kinds import lists_by_kind
from models.evaluation.metrics import coverage
from models.evaluation.profile_rows import WITHOUT_CONTEXT, WITHOUT_PROFILE
from models.evaluation.report import BLEND, POPULARITY
from models.evaluation.segments import (
    Segment,
    Values,
    by_history_length,
    by_novelty,
    by_question,
    long_tail,
    measure_users,
    summarise,
)
from models.ranking.candidates import ListKind
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.recommenders.profile_affinity import ProfileAffinity
from models.training.evaluation_config import EvaluationConfig
from models.training.learn import MAX_VALIDATION_USERS
from models.training.newcomer_profiles import NewcomerChoice

_AFFINITY = ProfileAffinity.signals[0]
KIND_USERS = 2000
"""Maximum number of test users for each kind of list."""
KIND_USERS_BRIEF = 500
"""The same where the report is brief."""


def measure_validation(ranker: Ranker, holdout: Holdout, seed: int, progress: Progress) -> dict[str, float]:
    """Measure the blend and popularity on the part that the settings were chosen on."""
    sample = holdout.sample(MAX_VALIDATION_USERS, seed)
    ranked = rank_holdout(
        ranker, ranker.retriever, sample, 10, seed=seed, progress=progress, phase="validating", alone=False
    )
    values = measure_users(ranked, sample.targets, [10])
    blend, popular = (float(values[name]["ndcg@10"].mean()) for name in (BLEND, POPULARITY))
    covered = coverage(ranked[BLEND], [10], holdout.source.n_items)
    return {"users": len(sample.users), "ndcg@10": blend, f"{POPULARITY}_ndcg@10": popular, **covered}


def beyond_accuracy(
    whole: Segment, ranked: dict[str, Int32], fitted: Interactions, ks: Sequence[int], seed: int
) -> dict[str, dict[str, float]]:
    """Add coverage, novelty and diversity to the means over the test users."""
    beyond = BeyondAccuracy(fitted, seed)
    return {
        name: whole["metrics"][name] | coverage(lists, ks, fitted.n_items) | beyond.measure(lists, ks)
        for name, lists in ranked.items()
    }


def measure_kinds(
    ranker: Ranker,
    everyone: Retriever,
    test: Holdout,
    values: Values,
    dataset: DataSet,
    config: EvaluationConfig,
    progress: Progress,
) -> dict[str, MeasuredKind]:
    """Measure each kind of list; the lists of the test itself are generated, or given by the data set."""
    found: dict[str, MeasuredKind] = {}
    if "ndcg@10" in values[BLEND]:
        kind: ListKind = "generated" if test.candidates is None else "given"
        weight = ranker.retriever.config.blend.weight_for(kind)
        found[kind] = compare_with_best(values, weight, seed=config.seed)
    most = KIND_USERS_BRIEF if config.brief else KIND_USERS
    for lists in lists_by_kind(test, dataset.items, most=most, seed=config.seed):
        if lists.kind not in found:
            found[lists.kind] = measure_kind(ranker, everyone, lists, seed=config.seed)
        progress("kinds of lists", 1.0)
    return found


def measure_segments(
    ranked: dict[str, Int32],
    values: Values,
    test: Holdout,
    new: Holdout,
    fitted: Interactions,
    ranker: Ranker,
    ks: Sequence[int],
    seed: int,
) -> dict[str, Any]:
    """Measure some of the users, and some of their targets, apart; `new` are the users without a history."""
    segments: dict[str, Any] = {"history_length": by_history_length(values, test, seed=seed)}
    segments |= by_question(values, test, seed=seed) | by_novelty(ranked, test, ks, seed=seed)
    item_counts = np.bincount(fitted.items, minlength=fitted.n_items)
    tail = long_tail(ranked, test, item_counts, ks, seed=seed)
    if tail is not None:
        segments["long_tail"] = tail
    if len(new.users):
        # Without a history the blend's answer is the popular list, in its window for newcomers, raised by profiles.
        lists = {
            BLEND: rank_newcomers(ranker, new, max(ks), seed=seed)[0],
            POPULARITY: rank_popular(ranker.popularity.counts, new, max(ks), seed=seed),
        }
        of_users = measure_users(lists, new.targets, ks)
        segments["no_history"] = summarise(of_users, np.arange(len(new.users)), seed=seed)
    return segments


def measure_profiles(
    ranker: Ranker, new: Holdout, chosen: NewcomerChoice | None, ks: Sequence[int], seed: int
) -> dict[str, Any] | None:
    """Tell what the attributes of users and the contexts gave; `new` are the test users without a history.

    Returns
    -------
    dict or None
        None where no user has an attribute and no row a context. `test` compares the newcomers whose profile or context
        is known with themselves without it, where there are any, and, where both are given, without their contexts.
    """
    profiles, contexts = new.source.profiles, new.contexts or new.source.contexts
    if profiles is None and contexts is None:
        return None
    config = ranker.retriever.config
    found: dict[str, Any] = {
        "attributes": {} if profiles is None else dict(profiles.values),
        "ignored": {} if profiles is None else dict(profiles.ignored),
        "contexts": {} if contexts is None else dict(contexts.values),
        "ignored_contexts": {} if contexts is None else dict(contexts.ignored),
        "weight": config.blend.profile_affinity,
        "read_by_network": config.blend.reads_network and _AFFINITY in config.network_parts,
        "newcomer_weight": config.profile_affinity.newcomer_weight,
        "pseudo_count": config.profile_affinity.pseudo_count,
        "validation": None if chosen is None or not chosen.newcomers else dict(chosen.facts()),
        "test": None,
    }
    lists, known = rank_newcomers(ranker, new, max(ks), seed=seed)
    if known.any():
        plain = rank_popular(ranker.popularity.newcomer_counts, new, max(ks), seed=seed)
        compared = {BLEND: lists, WITHOUT_PROFILE: plain}
        if profiles is not None and new.contexts is not None:
            compared[WITHOUT_CONTEXT] = rank_newcomers(ranker, replace(new, contexts=None), max(ks), seed=seed)[0]
        values = measure_users(compared, new.targets, ks)
        found["test"] = summarise(values, np.flatnonzero(known), seed=seed)
    return found
