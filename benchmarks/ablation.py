"""Ablation: switches each part off in turn, and measures the loss in accuracy."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from models.data.folder import DataSet, read_folder
from models.data.progress import silent
from models.data.sample import movielens
from models.evaluation.report import BLEND
from models.ranking.candidates import PARTS

cli = typer.Typer(add_completion=False)
console = Console(soft_wrap=True, highlight=False)
NETWORK = "network"
NOTHING = "nothing"


@cli.command()
def ablation(
    folder: Annotated[str, typer.Argument(help="A data-set folder, or movielens for the sample.")],
    protocol: Annotated[str | None, typer.Option()] = None,
    k: Annotated[int, typer.Option(min=1)] = 10,
    test_days: Annotated[float | None, typer.Option()] = None,
    include_seen: Annotated[bool, typer.Option()] = False,
    without: Annotated[str, typer.Option(help="Parts to switch off, one run each; all by default.")] = "",
    output: Annotated[Path, typer.Option(help="File for the figures.")] = Path("var/ablation.json"),
) -> None:
    """Run the automatic recipe once in full, and once without each part."""
    from models.training.trainer import EvaluationConfig, evaluate_folder  # noqa: PLC0415 - TensorFlow

    dataset: DataSet = movielens() if folder == "movielens" else read_folder(Path(folder))
    rows = []
    for off in [NOTHING, *(without.split(",") if without else (*PARTS, NETWORK))]:
        start = time.perf_counter()
        config = EvaluationConfig(
            protocol=protocol,
            ks=(k,),
            test_days=test_days,
            include_seen=include_seen,
            parts=[part for part in PARTS if part != off],
            with_network=off != NETWORK,
        )
        report = evaluate_folder(dataset, config, progress=silent)
        found, interval = report.metrics[BLEND], report.intervals[BLEND][f"ndcg@{k}"]
        row = {
            "without": off,
            f"recall@{k}": round(found[f"recall@{k}"], 4),
            f"ndcg@{k}": round(found[f"ndcg@{k}"], 4),
            "interval": [round(end, 4) for end in interval],
            "seconds": round(time.perf_counter() - start),
        }
        rows.append(row)
        console.print(row)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"folder": Path(folder).name, "rows": rows}, indent=2) + "\n")
    console.print(f"written to {output}")


if __name__ == "__main__":
    cli()
