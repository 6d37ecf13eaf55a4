"""Impressions: a generated log of lists that were shown, and what rotation, propensities and negatives do with it."""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import typer
from rich.console import Console

from models.arrays.types import Float64, Ids, Int32
from models.data.cleaning import clean
from models.data.cutting import TIMELINE
from models.data.folder import DataSet
from models.data.progress import silent
from models.data.splitting import Split, make_split
from models.data.timeline import VISIT_PAUSE
from models.evaluation.holdout_lists import rank_holdout
from models.evaluation.metrics import coverage
from models.evaluation.report import BLEND, NETWORK
from models.evaluation.segments import measure_users, summarise
from models.ranking.candidates import TRAINED
from models.ranking.network_config import NetworkConfig
from models.ranking.rotation import LoggedRotation, RotationConfig

cli = typer.Typer(add_completion=False)
console = Console(soft_wrap=True, highlight=False)
BEGIN = 1_750_000_000.0
_DAY = 86_400.0
_LENGTH = 10
_GROUPS = 8
_REQUESTS = 3000
_TIRED = 0.6
"""By how much each show that was passed over makes a later click on the item less likely."""


class Generated(NamedTuple):
    """A generated log, and the ids of items that are always shown low, and of others of their group as good as they.

    `liking` is how likely each user clicks each item when looking at it for the first time: float64 (users, items), by
    the numbers in their ids.
    """

    dataset: DataSet
    liking: Float64
    low: Ids
    equals: Ids


def generate(users: int = 1500, items: int = 400, visits: int = 14, seed: int = 0) -> Generated:
    """Generate visits in which users are shown a list, look at its positions ever less, and click what they like.

    The lists are those of a shop that mixes what is popular with what fits the user's taste. The last item of every
    group is as good as the group's best one, and is always shown at the last position.
    """
    rng = np.random.default_rng(seed)
    looked = 1.0 / (1.0 + np.arange(_LENGTH)) ** 0.8
    group = np.arange(items) % _GROUPS
    quality = rng.beta(2.0, 5.0, items)
    low = np.arange(items - _GROUPS, items)
    equals = [int(np.argmax(np.where(group == group[item], quality, 0.0)[:-_GROUPS])) for item in low]
    quality[low] = quality[equals]
    rows: dict[str, list[Any]] = {name: [] for name in ("user_id", "item_id", "event_type", "timestamp", "position")}

    def add(user: int, item: int, kind: str, time: float, position: int | None) -> None:
        for name, value in zip(rows, (f"u{user}", f"i{item}", kind, time, position), strict=True):
            rows[name].append(value)

    tastes = rng.dirichlet(np.full(_GROUPS, 0.3), users)
    likings = np.clip(quality * (0.15 + 3.0 * tastes[:, group]), 0.0, 0.9)
    for user in range(users):
        tired, clicked = np.zeros(items), np.zeros(items, dtype=np.bool_)
        for time in np.sort(BEGIN + rng.uniform(0, 60 * _DAY, visits)).tolist():
            shown = _shown(quality, likings[user], clicked, low, rng)
            for position, item in enumerate(shown):
                add(user, item, "shown", time, position)
            for position, item in enumerate(shown):
                if rng.random() < looked[position] * likings[user, item] * _TIRED ** tired[item]:
                    add(user, item, "click", time + 10.0 * (1 + position), None)
                    clicked[item] = True
                else:
                    tired[item] += looked[position]
    catalogue = pa.table({"item_id": [f"i{n}" for n in range(items)], "categories": [[f"g{n}"] for n in group]})
    names = [np.array([f"i{n}".encode() for n in each]) for each in (low, equals)]
    return Generated(DataSet(pa.table(rows), items=catalogue), likings, *names)


def _shown(quality: Float64, liking: Float64, clicked: Any, low: Any, rng: np.random.Generator) -> list[int]:
    wanted = 0.5 * quality + 0.5 * liking + rng.gumbel(0.0, 0.12, len(quality))
    wanted[clicked] = -np.inf
    wanted[low] = -np.inf
    top: list[int] = np.argsort(-wanted)[:_LENGTH].tolist()
    left = low[~clicked[low]]
    if len(left) and rng.integers(2):
        top[-1] = int(left[np.argmax(liking[left] + rng.gumbel(0.0, 0.12, len(left)))])
    return top


def variants(dataset: DataSet) -> Iterator[tuple[str, DataSet]]:
    """Yield the logs to compare: without impressions, with them but without their positions, and as they are."""
    rows = dataset.interactions
    yield "without impressions", replace(dataset, interactions=rows.filter(pc.not_equal(rows["event_type"], "shown")))
    yield "passed over as negatives", replace(dataset, interactions=rows.drop_columns(["position"]))
    yield "and propensities", dataset


@cli.command()
def impressions(
    seed: Annotated[int, typer.Option()] = 0,
    users: Annotated[int, typer.Option()] = 1500,
    budget: Annotated[float, typer.Option(help="Seconds of processor time for choosing settings.")] = 60.0,
) -> None:
    """Measure each variant by the clicks of the last days, all with rotation as it would have been served."""
    from models.training.labelled_lists import LabelOptions  # noqa: PLC0415 - TensorFlow
    from models.training.learn import learn  # noqa: PLC0415

    dataset, likings, *pairs = generate(users=users, seed=seed)
    whole, everything = clean(dataset.interactions)
    shows = make_split(dataset, whole, protocol=TIMELINE, seed=seed, shown=everything.shown).impressions
    console.print(f"{dataset.interactions.num_rows:,} rows")
    console.print(
        "| | list | rotation | NDCG@10 | 95 % | coverage@10 | liking@10 | low items in 100 lists | their equals |"
    )
    console.print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, given in variants(dataset):
        table, cleaning = clean(given.interactions)
        split = make_split(given, table, protocol=TIMELINE, seed=seed, scale=cleaning.scale, shown=cleaning.shown)
        options = LabelOptions(
            split.train_log, given.items, split.window, timeline=split.timeline, impressions=split.impressions
        )
        with tempfile.TemporaryDirectory() as folder:
            learned = learn(
                split.train,
                split.validation,
                Path(folder),
                options,
                scale=cleaning.scale,
                parts=TRAINED,
                network=NetworkConfig(),
                seed=seed,
                budget=budget,
                progress=silent,
            )
        test = split.test.sample(_REQUESTS, seed)
        for weight in (0.0, 0.25, 0.5, 1.0) if name == "and propensities" else (0.0,):
            config = RotationConfig(weight=weight)
            rotation = None if shows is None else LoggedRotation(shows, config, VISIT_PAUSE)
            ranked = rank_holdout(
                learned.ranker, learned.retriever, test, 10, seed=seed, progress=silent, rotation=rotation
            )
            values = summarise(measure_users(ranked, test.targets, [10]), np.arange(len(test)), seed=seed)
            for one in (BLEND, NETWORK) if weight == 0 else (BLEND,):
                lists = ranked[one]
                low, high = values["intervals"][one]["ndcg@10"]
                covered = coverage(lists, [10], split.everything.n_items)["coverage@10"]
                liked = _liking(lists, split, test.users, likings)
                places = " | ".join(f"{_listed(lists, split, wanted):.1f}" for wanted in pairs)
                console.print(
                    f"| {name} | {one} | {weight:g} | {values['metrics'][one]['ndcg@10']:.4f} |"
                    f" {low:.4f} to {high:.4f} | {covered:.3f} | {liked:.4f} | {places} |"
                )


def _listed(lists: Int32, split: Split, wanted: Ids) -> float:
    """Count the places of some items in a hundred lists."""
    return float(np.isin(lists, np.searchsorted(split.everything.item_ids, wanted)).sum() * 100 / len(lists))


def _liking(lists: Int32, split: Split, users: Int32, likings: Float64) -> float:
    """Return how much users really like what is listed, wherever it would be shown."""
    number = [
        np.array([int(each[1:]) for each in ids]) for ids in (split.everything.user_ids, split.everything.item_ids)
    ]
    found = likings[number[0][users][:, None], number[1][lists]]
    return float(found[lists >= 0].mean())


if __name__ == "__main__":
    cli()
