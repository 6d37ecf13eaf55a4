"""Measures what the bounds of a history cost and save: `python -m benchmarks.history_bounds FOLDER...`.

Exit codes: 0 done, 1 something went wrong, 2 wrong usage.
"""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from models.data.errors import DataSetError
from models.data.folder_reader import read_folder
from models.data.holdout import Holdout
from models.data.progress import silent
from models.evaluation.holdout_lists import rank_holdout
from models.evaluation.report import BLEND, bootstrap_intervals
from models.evaluation.requests import request_of
from models.evaluation.segments import measure_users
from models.ranking.candidate_generation import Bounds
from models.ranking.ranker import Ranker
from models.ranking.retriever import BOUNDS, Retriever
from models.training.evaluate import evaluate
from models.training.evaluation_config import EvaluationConfig
from models.training.protocol import cleaned, split_for

TRIED = (
    Bounds(20, 10, None),
    Bounds(50, 20, None),
    Bounds(100, 50, None),
    Bounds(50, 20, 0.1),
    Bounds(500, 500, None),
    BOUNDS,
)
METRIC, LENGTH = "ndcg@10", 10
MAX_USERS = 5000
TIMED = 500
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def main(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Data-set folders.")],
    protocol: Annotated[str, typer.Option(help="As for `braid evaluate`; where empty, as `braid train` chooses.")] = "",
    budget: Annotated[float | None, typer.Option(min=0, help="As for `braid evaluate`.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Train once for each folder, and rank the test histories within several bounds."""
    typer.echo(f"| data | items | whole | weight | {METRIC} | difference to the last row | ms |")
    typer.echo("| --- | --- | --- | --- | --- | --- | --- |")
    config = EvaluationConfig(
        protocol=protocol or None, with_timeline=not protocol, ks=(LENGTH,), budget=budget, seed=seed, brief=True
    )
    for folder in folders:
        try:
            measure(folder, config)
        except DataSetError as error:
            typer.echo(f"history_bounds: {error}", err=True)
            raise typer.Exit(1) from error


def measure(folder: Path, config: EvaluationConfig) -> None:
    """Print a row for each of the bounds."""
    dataset = read_folder(folder)
    with tempfile.TemporaryDirectory(prefix="braid-bounds-") as name:
        ranker = evaluate(dataset, Path(name), config, progress=silent).learned.ranker
        dataset, table, cleaning = cleaned(dataset, config)
        test = split_for(dataset, table, cleaning, config).test.sample(MAX_USERS, config.seed)
        values, spent = {}, {}
        for bounds in TRIED:
            values[bounds], spent[bounds] = _ranked(ranker, test, bounds, config.seed)
    for bounds in TRIED:
        low, high = bootstrap_intervals({METRIC: values[bounds] - values[BOUNDS]}, seed=config.seed)[METRIC]
        difference = "" if bounds == BOUNDS else f"{low:+.4f} to {high:+.4f}"
        cells = [
            folder.resolve().name,
            str(bounds.latest),
            str(bounds.whole),
            "" if bounds.faded is None else f"{bounds.faded:g}",
            f"{values[bounds].mean():.4f}",
            difference,
            f"{spent[bounds]:.2f}",
        ]
        typer.echo(f"| {' | '.join(cells)} |")


def _ranked(
    ranker: Ranker, test: Holdout, bounds: Bounds, seed: int
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], float]:
    """Rank within some bounds; return each user's value and the milliseconds of a request with a long history."""
    own = ranker.retriever
    bounded = Ranker(Retriever(own.config, own.recommenders, bounds), ranker.network, ranker.item_ids, ranker.user_ids)
    lists = rank_holdout(bounded, bounded.retriever, test, LENGTH, seed=seed, progress=silent, alone=False)
    longest = np.argsort(-test.lengths, kind="stable")[:TIMED].tolist()
    started = time.perf_counter()
    for row in longest:
        bounded.rank(*request_of(test, row))
    spent = (time.perf_counter() - started) / max(len(longest), 1) * 1000
    return measure_users({BLEND: lists[BLEND]}, test.targets, [LENGTH])[BLEND][METRIC], spent


if __name__ == "__main__":
    cli()
