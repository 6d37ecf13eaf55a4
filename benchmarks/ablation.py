"""Ablation: switches each part off in turn, and measures the loss in accuracy."""

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.generated_acts import accessories_shop
from models.arrays.types import Float64
from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.folder_reader import read_folder
from models.data.progress import silent
from models.data.sample import movielens
from models.evaluation.report import BLEND, bootstrap_intervals
from models.ranking.candidates import PARTS
from models.ranking.config import RankingConfig
from models.training.evaluation_config import EvaluationConfig
from models.training.refresh import ChosenSettings

cli = typer.Typer(add_completion=False)
console = Console(soft_wrap=True, highlight=False)
NETWORK = "network"
NOTHING = "nothing"


@cli.command()
def ablation(
    folder: Annotated[
        str, typer.Argument(help="A data-set folder, movielens for the sample, or accessories for a generated shop.")
    ],
    protocol: Annotated[str | None, typer.Option()] = None,
    k: Annotated[int, typer.Option(min=1)] = 10,
    goal: Annotated[str | None, typer.Option()] = None,
    test_days: Annotated[float | None, typer.Option()] = None,
    include_seen: Annotated[bool, typer.Option()] = False,
    seed: Annotated[int, typer.Option()] = 0,
    budget: Annotated[float | None, typer.Option(help="Seconds of processor time for the search.")] = None,
    without: Annotated[
        str, typer.Option(help="What to switch off, one run each: parts, or several joined by +. All by default.")
    ] = "",
    also_read: Annotated[
        str, typer.Option(help="Parts that the network reads in one more run each, whatever they are worth alone.")
    ] = "",
    output: Annotated[Path, typer.Option(help="File for the figures.")] = Path("var/ablation.json"),
) -> None:
    """Run the automatic recipe once in full, and once with its settings but without each part."""
    dataset = _data_set(folder)
    config = EvaluationConfig(
        protocol=protocol,
        ks=(k,),
        goal=goal,
        test_days=test_days,
        include_seen=include_seen,
        seed=seed,
        budget=budget,
        brief=True,
    )
    full, chosen = _measured(dataset, config)
    switched = [tuple(names.split("+")) for names in without.split(",")] if without else _used(chosen)
    rows = [_row(NOTHING, full, full, k, seed)]
    console.print(rows[0])
    for off in switched:
        start = time.perf_counter()
        try:
            settings = ChosenSettings(_without(chosen, off))
            found, _ = _measured(dataset, replace(config, chosen=settings))
        except DataSetError as error:
            console.print(f"without {'+'.join(off)}: {error}")
            continue
        rows.append(_row("+".join(off), found, full, k, seed) | {"seconds": round(time.perf_counter() - start)})
        console.print(rows[-1])
    for part in also_read.split(",") if also_read else ():
        read = chosen.model_copy(update={"network_parts": (*chosen.network_parts, part)})
        found, _ = _measured(dataset, replace(config, chosen=ChosenSettings(read)))
        rows.append(_row("", found, full, k, seed) | {"also read": part})
        console.print(rows[-1])
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"folder": Path(folder).name, "rows": rows}, indent=2) + "\n")
    console.print(f"written to {output}")


def _data_set(name: str) -> DataSet:
    if name == "accessories":
        return accessories_shop()
    return movielens() if name == "movielens" else read_folder(Path(name))


def _measured(dataset: DataSet, config: EvaluationConfig) -> tuple[dict[str, Float64], RankingConfig]:
    """Return the metrics of each test user, and the settings of the run."""
    from models.training.evaluate import evaluate  # noqa: PLC0415 - TensorFlow

    with tempfile.TemporaryDirectory(prefix="braid-ablation-") as files:
        run = evaluate(dataset, Path(files), config, progress=silent)
    return dict(run.values[BLEND]), run.learned.ranker.retriever.config


def _used(config: RankingConfig) -> list[tuple[str, ...]]:
    """Return the parts that the mix or the network reads, and the network."""
    read = [part for part in PARTS if getattr(config.blend, part) > 0 or part in config.network_parts]
    network = [NETWORK] if config.blend.reads_network else []
    return [(part,) for part in (*network, *read)]


def _without(config: RankingConfig, off: Sequence[str]) -> RankingConfig:
    """Give the parts no weight, and hide them from the network; the others keep their settings."""
    parts = [part for part in off if part != NETWORK]
    config = ChosenSettings(config).without(parts).config if parts else config
    if NETWORK in off:
        none = {"network_weight": 0.0, "network_weight_given": None, "network_weight_filtered": None}
        config = config.changed("blend", **none).model_copy(update={"network_parts": ()})
    return config


def _row(off: str, found: dict[str, Float64], full: dict[str, Float64], k: int, seed: int) -> dict[str, Any]:
    """Return the means, and what was lost: the difference of the same users, with its 95 % interval."""
    lost = {name: full[name] - values for name, values in found.items()}
    recall, ndcg = f"recall@{k}", f"ndcg@{k}"
    low, high = bootstrap_intervals({ndcg: lost[ndcg]}, seed=seed)[ndcg]
    return {
        "without": off,
        recall: round(float(found[recall].mean()), 4),
        ndcg: round(float(found[ndcg].mean()), 4),
        "lost": round(float(lost[ndcg].mean()), 4),
        "interval": [round(low, 4), round(high, 4)],
    }


if __name__ == "__main__":
    cli()
