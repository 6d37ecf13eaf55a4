"""Impressions: a generated log of lists that were shown, and what rotation, propensities and negatives do with it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import typer
from rich.console import Console

from models.arrays.types import Float64
from models.data.folder import DataSet
from models.data.progress import silent
from models.ranking.rotation import RotationConfig

cli = typer.Typer(add_completion=False)
console = Console(soft_wrap=True, highlight=False)
BEGIN = 1_750_000_000.0
_DAY = 86_400.0
_LENGTH = 10
_GROUPS = 8
_TIRED = 0.6
"""By how much each show that was passed over makes a later click on the item less likely."""


def generate(users: int = 1500, items: int = 400, visits: int = 14, seed: int = 0) -> DataSet:
    """Generate visits in which users are shown a list, look at its positions ever less, and click what they like.

    The lists are those of a shop that mixes what is popular with what fits the user's taste. The last item of every
    group is as good as the group's best one, and is always shown at the last position.
    """
    rng = np.random.default_rng(seed)
    looked = 1.0 / (1.0 + np.arange(_LENGTH)) ** 0.8
    group = np.arange(items) % _GROUPS
    quality = rng.beta(2.0, 5.0, items)
    low = np.arange(items - _GROUPS, items)
    for item in low.tolist():
        quality[item] = quality[:-_GROUPS][group[:-_GROUPS] == group[item]].max()
    rows: dict[str, list[Any]] = {name: [] for name in ("user_id", "item_id", "event_type", "timestamp", "position")}

    def add(user: int, item: int, kind: str, time: float, position: int | None) -> None:
        for name, value in zip(rows, (f"u{user}", f"i{item}", kind, time, position), strict=True):
            rows[name].append(value)

    for user in range(users):
        tastes = rng.dirichlet(np.full(_GROUPS, 0.3))
        tired, clicked = np.zeros(items), np.zeros(items, dtype=np.bool_)
        for time in np.sort(BEGIN + rng.uniform(0, 60 * _DAY, visits)).tolist():
            liking = np.clip(quality * (0.15 + 3.0 * tastes[group]), 0.0, 0.9)
            shown = _shown(quality, liking, clicked, low, rng)
            for position, item in enumerate(shown):
                add(user, item, "shown", time, position)
            for position, item in enumerate(shown):
                if rng.random() < looked[position] * liking[item] * _TIRED ** tired[item]:
                    add(user, item, "click", time + 10.0 * (1 + position), None)
                    clicked[item] = True
                else:
                    tired[item] += looked[position]
    return DataSet(
        pa.table(rows),
        items=pa.table({"item_id": [f"i{n}" for n in range(items)], "categories": [[f"g{n}"] for n in group]}),
    )


def _shown(quality: Float64, liking: Float64, clicked: Any, low: Any, rng: np.random.Generator) -> list[int]:
    wanted = 0.5 * quality + 0.5 * liking + rng.gumbel(0.0, 0.12, len(quality))
    wanted[clicked] = -np.inf
    wanted[low] = -np.inf
    top: list[int] = np.argsort(-wanted)[:_LENGTH].tolist()
    left = low[~clicked[low]]
    if len(left) and rng.integers(2):
        top[-1] = int(left[np.argmax(liking[left] + rng.gumbel(0.0, 0.12, len(left)))])
    return top


def variants(dataset: DataSet) -> Iterator[tuple[str, DataSet, RotationConfig]]:
    """Yield the runs to compare: without impressions, with them, and with rotation of several weights."""
    without = dataset.interactions.filter(pc.not_equal(dataset.interactions["event_type"], "shown"))
    none = RotationConfig(weight=0.0)
    yield "without impressions", replace(dataset, interactions=without), none
    unplaced = dataset.interactions.drop_columns(["position"])
    yield "passed over as negatives", replace(dataset, interactions=unplaced), none
    for weight in (0.0, 0.25, 0.5, 1.0):
        yield f"and propensities, rotation {weight:g}", dataset, RotationConfig(weight=weight)


@cli.command()
def impressions(
    seed: Annotated[int, typer.Option()] = 0,
    users: Annotated[int, typer.Option()] = 1500,
    budget: Annotated[float, typer.Option(help="Seconds of processor time for choosing settings.")] = 60.0,
) -> None:
    """Measure each variant by the clicks of the last days."""
    from models.training.evaluation_config import EvaluationConfig  # noqa: PLC0415 - TensorFlow
    from models.training.trainer import evaluate_folder  # noqa: PLC0415

    dataset = generate(users=users, seed=seed)
    console.print(f"{dataset.interactions.num_rows:,} rows")
    console.print("| | NDCG@10 | 95 % | the network alone | coverage@10 |\n| --- | --- | --- | --- | --- |")
    for name, given, rotation in variants(dataset):
        config = EvaluationConfig(protocol="timeline", ks=[10], seed=seed, budget=budget, rotation=rotation)
        report = evaluate_folder(given, config, progress=silent)
        blend, network = report.metrics["braid"], report.metrics.get("network", {}).get("ndcg@10", 0.0)
        low, high = report.intervals["braid"]["ndcg@10"]
        covered = blend["coverage@10"]
        console.print(f"| {name} | {blend['ndcg@10']:.4f} | {low:.4f} to {high:.4f} | {network:.4f} | {covered:.3f} |")


if __name__ == "__main__":
    cli()
