"""Ratings: tunes MovieLens 100k for what is rated next, for what is loved, and with dislikes as evidence."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import typer
from rich.console import Console

from models.arrays.types import Float64, Int32
from models.data.cleaning import clean
from models.data.codes import find_column
from models.data.columns import ITEM
from models.data.cutting import TEMPORAL
from models.data.holdout import Holdout, Ragged
from models.data.progress import silent
from models.data.sample import movielens
from models.data.splitting import Split, make_split
from models.data.strengths import rating_values
from models.evaluation.holdout_lists import rank_holdout
from models.evaluation.report import BLEND, NETWORK, POPULARITY
from models.evaluation.segments import measure_users, summarise
from models.ranking.candidates import TRAINED
from models.ranking.network_config import NetworkConfig
from models.ranking.ranker import Ranker

cli = typer.Typer(add_completion=False)
console = Console(soft_wrap=True, highlight=False)
NEXT, LOVED, DISLIKES = "rated next", "loved", "loved, with dislikes"
MEDIOCRE = 3.3
"""Mean rating below which an item counts as mediocre."""
_K = 10


def rated_next(split: Split) -> Split:
    """Take everything that follows as targets and labels, loved or not."""
    known, train = split.known, split.train
    keys = [data.users.astype(np.int64) * data.n_items + data.items for data in (known, train)]
    later = ~np.isin(keys[0], keys[1])
    targets = Ragged.group(known.users[later], known.items[later], split.validation.users)
    log = replace(split.train_log, may_be_targets=None)
    validation: Holdout = replace(split.validation, targets=targets)
    return replace(split, train=replace(train, may_be_targets=None), train_log=log, validation=validation)


@cli.command()
def ratings(
    protocol: Annotated[str, typer.Option()] = TEMPORAL,
    network: Annotated[bool, typer.Option()] = True,
    seed: Annotated[int, typer.Option()] = 0,
) -> None:
    """Fit every variant on the same interactions, and measure it by the same items: those that the users loved."""
    from models.training import tuning  # noqa: PLC0415 - TensorFlow
    from models.training.labelled_lists import LabelOptions  # noqa: PLC0415
    from models.training.learn import learn  # noqa: PLC0415

    dataset = movielens()
    table, cleaning = clean(dataset.interactions)
    split = make_split(dataset, table, protocol=protocol, seed=seed, scale=cleaning.scale, disliked=cleaning.disliked)
    means = _means(dataset.interactions, split)
    weights = tuning.DISLIKE_WEIGHTS
    console.print(f"{protocol}, {len(split.test)} test requests")
    console.print("| | Recall@10 | NDCG@10 | 95 % | rating@10 | mean below 3.3 | `dislike_weight` |")
    console.print("| --- | --- | --- | --- | --- | --- | --- |")
    for variant in (NEXT, LOVED, DISLIKES):
        tuning.DISLIKE_WEIGHTS = weights if variant == DISLIKES else ()
        given = rated_next(split) if variant == NEXT else split
        options = LabelOptions(
            given.train_log, dataset.items, split.window, timeline=split.timeline, disliked=split.disliked
        )
        with tempfile.TemporaryDirectory() as folder:
            learned = learn(
                given.train,
                given.validation,
                Path(folder),
                options,
                scale=cleaning.scale,
                parts=TRAINED,
                network=NetworkConfig() if network else None,
                seed=seed,
                budget=None,
                progress=silent,
            )
        ranker, everyone = learned.ranker, learned.retriever
        if split.refit:
            everyone = everyone.refitted(split.known, everyone.config, dataset.items)
            ranker = Ranker(everyone.pruned(), learned.network, split.known.item_ids, split.known.user_ids)
        lists = rank_holdout(ranker, everyone, split.test, _K, seed=seed, progress=silent)
        weight = ranker.retriever.config.dislike_weight
        for name in (
            BLEND,
            *(part for part in (*TRAINED, NETWORK) if part in lists and part != POPULARITY),
            POPULARITY,
        ):
            console.print(f"| {variant}: {name} | {_row(lists[name], split, means)} | {weight:g} |")


def _row(ranked: Int32, split: Split, means: Float64) -> str:
    found = summarise(measure_users({BLEND: ranked}, split.test.targets, [_K]), np.arange(len(split.test)), seed=0)
    metrics, (low, high) = found["metrics"][BLEND], found["intervals"][BLEND]["ndcg@10"]
    rating = 0.0 if split.later is None else split.later.means(split.test.users, ranked, [_K])["rating@10"]
    mediocre = float((means[ranked[ranked >= 0]] < MEDIOCRE).mean())
    return (
        f"{metrics['recall@10']:.4f} | {metrics['ndcg@10']:.4f} | {low:.4f} to {high:.4f} | {rating:.2f}"
        f" | {100 * mediocre:.0f} %"
    )


def _means(interactions: pa.Table, split: Split) -> Float64:
    """Return the mean rating of each item over all users, good and bad."""
    codes = find_column(split.everything.item_ids, interactions[ITEM])
    values, known, n_items = rating_values(interactions), codes >= 0, split.everything.n_items
    total = np.bincount(codes[known], weights=values[known], minlength=n_items)
    return np.asarray(total / np.maximum(np.bincount(codes[known], minlength=n_items), 1))


if __name__ == "__main__":
    cli()
