"""Compares a refresh with a full training run: `python -m benchmarks.refresh FOLDER`.

The settings and the network that are kept were chosen on a part of the log: the earlier four fifths of it, or a random
part where it has no order. Then the whole log is trained on in full, and refreshed.
"""

import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import typer
from rich.console import Console

from benchmarks.load.machine import describe_machine
from models.bundle.loader import Bundle
from models.bundle.store import BundleStore
from models.data.columns import TIMESTAMP
from models.data.folder import DataSet
from models.data.folder_reader import read_folder
from models.data.progress import silent
from models.evaluation.report import BLEND

SHARE = 0.8
cli = typer.Typer(add_completion=False)
console = Console(soft_wrap=True, highlight=False)


@cli.command()
def refresh(
    folder: Annotated[Path, typer.Argument(help="A data-set folder.")],
    seed: Annotated[int, typer.Option(min=0, help="Seed of all runs.")] = 0,
    output: Annotated[Path, typer.Option(help="File for the figures.")] = Path("var/refresh.json"),
) -> None:
    """Train in full on a part, in full on everything, and refresh; compare time and accuracy."""
    from models.training.evaluate import evaluate  # noqa: PLC0415 - TensorFlow
    from models.training.evaluation_config import EvaluationConfig  # noqa: PLC0415 - as above
    from models.training.recipe import Recipe  # noqa: PLC0415 - as above
    from models.training.refresh import ChosenSettings  # noqa: PLC0415 - as above
    from models.training.trainer import TEST_USERS, train  # noqa: PLC0415 - as above

    dataset = read_folder(folder)
    with tempfile.TemporaryDirectory(prefix="braid-refresh-") as scratch:
        store = BundleStore(Path(scratch) / "bundles")

        def timed(data: DataSet, recipe: Recipe, source: Bundle | None = None) -> tuple[Bundle, float]:
            start = time.perf_counter()
            bundle = train(data, store, recipe=recipe, source=source, progress=silent)
            return bundle, time.perf_counter() - start

        source, _ = timed(_earlier(dataset, seed), Recipe(seed=seed))
        store.activate(source.version)
        full, whole = timed(dataset, Recipe(seed=seed))
        light, seconds = timed(dataset, Recipe(kind="refresh", seed=seed, keeps_network=True), source)
        # On the test users that the full run was measured on.
        kept = ChosenSettings.of(source, keep_network=True)
        config = EvaluationConfig(seed=seed, test_users=TEST_USERS, chosen=kept, brief=True, with_timeline=True)
        again = evaluate(dataset, Path(scratch), config, progress=silent)
    metrics = {
        name: (full.manifest.metrics["test"][BLEND][name], again.report.metrics[BLEND][name])
        for name in ("ndcg@10", "ndcg@20", "recall@20")
    }
    for name, (before, after) in metrics.items():
        console.print(f"{name}: full {before:.4f}, refresh {after:.4f}: {after / before:.1%}")
    console.print(f"seconds: full {whole:.1f}, refresh {seconds:.1f}: {seconds / whole:.1%}")
    found = {
        "full_seconds": round(whole, 1),
        "refresh_seconds": round(seconds, 1),
        "share_of_time": round(seconds / whole, 3),
        "metrics": {name: {"full": before, "refresh": after} for name, (before, after) in metrics.items()},
        "gate": [] if light.manifest.gate is None else [check.model_dump() for check in light.manifest.gate.checks],
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps({"machine": describe_machine(), **found}, indent=2) + "\n", encoding="utf-8")


def _earlier(dataset: DataSet, seed: int) -> DataSet:
    rows = dataset.interactions
    if TIMESTAMP in rows.column_names:
        times = rows[TIMESTAMP].to_numpy()
        keep = times <= np.quantile(times, SHARE)
    else:
        keep = np.random.default_rng(seed).random(rows.num_rows) < SHARE
    return replace(dataset, interactions=rows.filter(pa.array(keep)))


if __name__ == "__main__":
    cli()
