"""Ranks one test item of each user among random items: `python -m benchmarks.sampled_negatives FOLDER`.

Exit codes: 0 done, 1 the server failed, 2 wrong usage or unusable data.
"""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from app.cli.progress import progress_bars
from benchmarks.accuracy import SAMPLE
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.sampled_lists import NEGATIVES, one_among_sampled
from models.data.columns import TIMESTAMP, VALUE
from models.data.errors import DataSetError
from models.data.folder import DataSet, write_folder
from models.data.folder_reader import read_folder
from models.data.sample import MOVIELENS_TERMS, is_cached, movielens
from models.evaluation.report import BLEND, NETWORK, bootstrap_intervals
from models.evaluation.segments import Values

METRICS = ("hit_rate@10", "ndcg@10")
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def sampled_negatives(
    folder: Annotated[str, typer.Argument(help=f"A data-set folder; `{SAMPLE}` is Braid's own sample.")],
    drop: Annotated[
        str, typer.Option(help="Columns of the interactions that are dropped after the test items are chosen.")
    ] = "",
    at_random: Annotated[
        bool, typer.Option("--at-random", help="Hold out a random item of each user, not the last one.")
    ] = False,
    negatives: Annotated[int, typer.Option(min=1, help="Random items beside each test item.")] = NEGATIVES,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the test items, of the random items and of training.")] = 0,
    budget: Annotated[float | None, typer.Option(min=0, help="Seconds for the choice of settings.")] = None,
    http: Annotated[
        int, typer.Option(min=0, help="Ask a server by `POST /recommend` for so many of the users as well.")
    ] = 0,
    output: Annotated[Path, typer.Option(help="File for all figures.")] = Path("var/sampled-negatives.json"),
) -> None:
    """Train without one item of each user, and rank it among random items that the user did not have."""
    try:
        dataset = _without(_made(folder, at_random=at_random, negatives=negatives, seed=seed), drop)
        with tempfile.TemporaryDirectory(prefix="braid-sampled-") as scratch:
            found = _measure(dataset, Path(scratch), seed=seed, budget=budget, http=http)
    except DataSetError as error:
        typer.echo(f"sampled_negatives: {error}", err=True)
        raise typer.Exit(2) from error
    except LoadError as error:
        typer.echo(f"sampled_negatives: {error}", err=True)
        raise typer.Exit(1) from error
    options = {"folder": Path(folder).name, "negatives": negatives, "seed": seed, "at_random": at_random, "drop": drop}
    output.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": describe_machine(), "options": options, **found}
    output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    typer.echo(_table(found))
    typer.echo(f"written to {output}", err=True)


def _made(folder: str, *, at_random: bool, negatives: int, seed: int) -> DataSet:
    if folder == SAMPLE:
        if not is_cached():
            typer.echo(MOVIELENS_TERMS, err=True)
        dataset = movielens()
        # Whether a film was seen is the question, not how it was rated.
        dataset = replace(dataset, interactions=dataset.interactions.drop_columns([VALUE, "event_type"]))
    else:
        dataset = read_folder(Path(folder))
    if at_random:
        dataset = _without(dataset, TIMESTAMP)
    return one_among_sampled(dataset, negatives=negatives, seed=seed)


def _without(dataset: DataSet, names: str) -> DataSet:
    dropped = [name for name in names.split(",") if name]
    return replace(dataset, interactions=dataset.interactions.drop_columns(dropped))


def _measure(dataset: DataSet, scratch: Path, *, seed: int, budget: float | None, http: int) -> dict[str, Any]:
    from models.bundle.store import BundleStore  # noqa: PLC0415 - as below
    from models.training.evaluate import evaluate  # noqa: PLC0415 - TensorFlow
    from models.training.evaluation_config import EvaluationConfig  # noqa: PLC0415 - as above
    from models.training.recipe import Recipe  # noqa: PLC0415 - as above
    from models.training.trainer import publish  # noqa: PLC0415 - as above

    config = EvaluationConfig(seed=seed, budget=budget, ks=(10,), brief=True, with_validation=True)
    store = BundleStore(scratch / "bundles")
    with progress_bars() as progress, store.scratch() as files:
        run = evaluate(dataset, files, config, progress=progress)
        if http:
            store.activate(publish(run, store, Recipe(seed=seed, budget=budget), dataset.items).version)
    if run.test is None:
        raise DataSetError(str(run.report.unmeasured))
    report = run.report
    found: dict[str, Any] = {
        "users": len(run.test.users),
        "metrics": {name: {metric: report.metrics[name][metric] for metric in METRICS} for name in report.metrics},
        "best": {metric: _beside_best(run.values, metric, seed) for metric in METRICS},
        "blend": report.settings["blend"],
        "budget_spent": report.settings["budget_spent"],
        "seconds": report.seconds,
    }
    if http:
        from benchmarks.asked import ask  # noqa: PLC0415 - needs the server's packages

        write_folder(scratch / "log", replace(dataset, test=None, candidates=None))
        rows = np.sort(np.random.default_rng(seed).permutation(len(run.test.users))[:http])
        asked = ask(run.test, rows, scratch, METRICS)
        here = {metric: float(run.values[BLEND][metric][rows].mean()) for metric in METRICS}
        found["http"] = {"users": len(rows), "asked": asked, "evaluated": here}
    return found


def _beside_best(values: Values, metric: str, seed: int) -> dict[str, Any]:
    """Compare the blend with the best part, on the same users."""
    parts = {name: float(of_users[metric].mean()) for name, of_users in values.items() if name not in {BLEND, NETWORK}}
    best = max(parts, key=lambda name: parts[name])
    difference = values[BLEND][metric] - values[best][metric]
    interval = bootstrap_intervals({metric: difference}, seed=seed)[metric]
    return {"part": best, "difference": float(difference.mean()), "interval": interval}


def _table(found: dict[str, Any]) -> str:
    lines = [f"{found['users']:,} users", "", "| | HR@10 | NDCG@10 |", "| --- | --- | --- |"]
    lines += [f"| {name} | {of[METRICS[0]]:.4f} | {of[METRICS[1]]:.4f} |" for name, of in found["metrics"].items()]
    lines.append("")
    for metric, best in found["best"].items():
        low, high = best["interval"]
        lines.append(
            f"{metric}: {BLEND} is {best['difference']:+.4f} from {best['part']}, its best part"
            f" (95 % {low:+.4f} to {high:+.4f})"
        )
    if "http" in found:
        asked, here = found["http"]["asked"], found["http"]["evaluated"]
        lines += [
            f"{metric} by POST /recommend, {found['http']['users']:,} users: {asked[metric]:.4f}, in the evaluation"
            f" {here[metric]:.4f}"
            for metric in METRICS
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    cli()
