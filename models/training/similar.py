"""Evaluates similar items: trains as for a bundle, without the held-out pairs, and measures each method's lists."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Int32
from models.data.cleaning import present
from models.data.codes import find_column
from models.data.columns import ITEM, USER
from models.data.errors import TooFewInteractionsError
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.liked_pairs import LikedPairs
from models.data.progress import Progress
from models.evaluation.similar_lists import MOST_LISTS, Lists, SimilarReport, baselines, label_sets, measure_methods
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.like_one import ranked_for_one
from models.ranking.ranker import Ranker
from models.recommenders.recommender import ItemMatrix, by_name
from models.similar.similar_items import BY_CONTENT, BY_USERS
from models.similar.together import TOGETHER
from models.training.evaluate import evaluate
from models.training.evaluation_config import EvaluationConfig
from models.training.protocol import cleaned
from models.training.publishing import Publication
from models.training.recipe import Recipe
from models.training.unmeasured import fit_unmeasured

MAX_PAIRS = 20_000
_TEST_USERS = 1000
BLEND, RECOMMENDED = "blend", "recommended"
RANKING = " as ranked"
"""`recommended` is what somebody is recommended who had this item only: similar items before they had a score of their
own. The recommenders that rank have other settings than the methods of similar items of the same name."""


def evaluate_similar(
    dataset: DataSet, config: EvaluationConfig, *, examples: Sequence[str] = (), progress: Progress
) -> SimilarReport:
    """Hold out pairs, train on the rest with the automatic recipe, and measure every method's lists.

    Parameters
    ----------
    dataset
        As read from a folder; its test, candidates and histories are not used.
    config
        The seed, the budget and what interactions mean; protocol and lengths of lists have no effect.
    examples
        Titles or ids of items whose lists the report shows.

    Raises
    ------
    TooFewInteractionsError
        The data has no two items that one user liked.
    """
    began = time.perf_counter()
    dataset = replace(dataset, test=None, candidates=None, histories=None)
    _, table, cleaning = cleaned(dataset, config)
    catalogue = [] if dataset.items is None else [dataset.items.filter(present(dataset.items[ITEM]))[ITEM]]
    everything = Interactions.from_table(table, more_items=catalogue, scale=cleaning.scale, seed=config.seed)
    # Another seed than that of the pairs on which training chooses its settings.
    pairs = LikedPairs.hold_out(everything, pause=config.visit_pause, seed=config.seed + 1)
    if not len(pairs):
        raise TooFewInteractionsError("no user liked two items one after the other: there are no pairs to hold out")
    rest = replace(dataset, interactions=without_hidden(dataset.interactions, everything, pairs))
    with tempfile.TemporaryDirectory(prefix="braid-similar-") as folder:
        publication = _trained(rest, replace(config, with_timeline=True), Path(folder), progress)
        ranker = _ranker(publication)
        pairs = _known(pairs, everything, ranker, seed=config.seed)
        labels = label_sets(dataset.items, ranker.item_ids)
        methods = _methods(publication, ranker, seed=config.seed)
        metrics, intervals = measure_methods(methods, pairs, labels, seed=config.seed)
    progress("similar items", 1.0)
    return SimilarReport(
        counts={
            "interactions": len(everything.items),
            "items": everything.n_items,
            "pairs": len(pairs),
            "lists": len(np.unique(pairs.first)),
        },
        methods=metrics,
        intervals=intervals,
        settings=publication.similar.config.model_dump(),
        seconds=round(time.perf_counter() - began, 1),
        measured_at=datetime.now(UTC).isoformat(timespec="seconds"),
        examples=_examples(methods, dataset.items, ranker, examples),
    )


def _trained(dataset: DataSet, config: EvaluationConfig, folder: Path, progress: Progress) -> Publication:
    """Train what a bundle would hold."""
    config = replace(config, brief=True, test_users=_TEST_USERS, with_validation=True, with_acts=True, protocol=None)
    try:
        run = evaluate(dataset, folder, config, progress=progress)
    except TooFewInteractionsError as error:
        run = fit_unmeasured(dataset, config, str(error), progress=progress)
    recipe = Recipe(seed=config.seed, budget=config.budget, network=config.network, visit_pause=config.visit_pause)
    return Publication.fit(run, dataset.items, folder, recipe, progress)


def _ranker(publication: Publication) -> Ranker:
    retriever = publication.retriever
    return Ranker(
        retriever.pruned(),
        publication.network,
        publication.interactions.item_ids,
        publication.interactions.user_ids,
        recommenders=by_name(retriever.recommenders),
    )


def _methods(publication: Publication, ranker: Ranker, *, seed: int) -> dict[str, Lists]:
    """Return what is measured, by name: the baselines, what ranks recommendations, and the methods of similar items."""
    similar, counts = publication.similar, ranker.popularity.counts

    def recommended(item: int) -> Int32:
        query = CandidateQuery(np.array([item], dtype=np.int32), limit=ranker.n_candidates)
        return ranked_for_one(ranker, item, query)[0]

    def blend(item: int) -> Int32:
        found = similar.by_users.row(item), similar.content.rows.row(item)
        items, scores = similar.blend(item, *found)
        return items[np.lexsort((items, -scores))]

    own = {name: similar.rows_of(name) for name in (BY_USERS, BY_CONTENT, *TOGETHER)}
    methods = {name: _by_rows(rows) for name, rows in own.items() if rows is not None and len(rows.indices)}
    parts = {
        f"{name}{RANKING if name in own else ''}": _by_rows(part.rows)
        for name, part in ranker.recommenders.items()
        if isinstance(part, ItemMatrix) and not part.empty
    }
    return {**baselines(counts, seed=seed), RECOMMENDED: recommended, **parts, **methods, BLEND: blend}


def _by_rows(rows: SparseRows) -> Lists:
    def best(item: int) -> Int32:
        items, scores = rows.row(item)
        order = np.lexsort((items, -scores))
        return items[order[scores[order] > 0]]

    return best


def without_hidden(table: pa.Table, everything: Interactions, pairs: LikedPairs) -> pa.Table:
    """Leave out all rows of the hidden pairs of user and item."""
    users, items = (
        find_column(ids, pc.fill_null(table[name].cast(pa.string()), "")).astype(np.int64)
        for name, ids in ((USER, everything.user_ids), (ITEM, everything.item_ids))
    )
    hidden = everything.users[pairs.hidden].astype(np.int64) * everything.n_items + everything.items[pairs.hidden]
    known = (users >= 0) & (items >= 0)
    return table.filter(pa.array(~(known & np.isin(users * everything.n_items + items, hidden))))


def _known(pairs: LikedPairs, everything: Interactions, ranker: Ranker, *, seed: int) -> LikedPairs:
    """Return a sample of the pairs in the codes of a ranker; an item that it does not know is in no list: -1."""
    order = np.random.default_rng(seed).permutation(len(pairs))
    _, first_seen = np.unique(pairs.first[order], return_index=True)
    allowed = pairs.first[order][np.sort(first_seen)[:MOST_LISTS]]
    chosen = np.sort(order[np.isin(pairs.first[order], allowed)][:MAX_PAIRS])
    ids = ranker.item_ids
    place = np.minimum(np.searchsorted(ids, everything.item_ids), len(ids) - 1)
    code = np.where(ids[place] == everything.item_ids, place, -1).astype(np.int32)
    sample = pairs.take(chosen[code[pairs.first[chosen]] >= 0])
    return replace(sample, first=code[sample.first], second=code[sample.second])


def _examples(
    methods: Mapping[str, Lists], catalogue: pa.Table | None, ranker: Ranker, wanted: Sequence[str]
) -> dict[str, dict[str, list[str]]]:
    """Return the lists of some items by method, all of them by title, or by id where there is none."""
    names = [name.decode() for name in ranker.item_ids.tolist()]
    if catalogue is not None and "title" in catalogue.column_names:
        titles = dict(zip(catalogue[ITEM].to_pylist(), catalogue["title"].to_pylist(), strict=True))
        names = [titles.get(name) or name for name in names]
    found = {}
    for title in wanted:
        if title in names:
            code = names.index(title)
            lists = {name: method(code)[:10].tolist() for name, method in methods.items()}
            found[title] = {name: [names[item] for item in items] for name, items in lists.items()}
    return found
