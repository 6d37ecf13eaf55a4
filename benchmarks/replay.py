"""Replays the last days of a log over HTTP, and measures what was recommended: `python -m benchmarks.replay FOLDER`.

Exit codes: 0 done, 1 something went wrong, 2 wrong usage.
"""

import json
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.load.server import serving
from benchmarks.load.work import Work, prepare
from benchmarks.replayed import simple
from benchmarks.replayed.client import replay
from benchmarks.replayed.log import ReplayedLog, cut_log
from models.arrays.types import Int32
from models.data.errors import DataSetError
from models.evaluation.segments import Segment, measure_users, summarise

BRAID, RECENT, ITEM_KNN = "braid", "popularity_recent", "item_knn"
K = 20
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def main(
    dataset: Annotated[Path, typer.Argument(metavar="FOLDER", help="A data-set folder with times.")],
    days: Annotated[float, typer.Option(min=0.01, help="Last days of the log, which are replayed.")] = 28.0,
    popular_days: Annotated[float, typer.Option(min=0.01, help="Days of the popularity beside it.")] = 30.0,
    include_seen: Annotated[bool, typer.Option("--include-seen", help="Items of the history are targets.")] = False,
    budget: Annotated[float | None, typer.Option(min=0, help="Option of `braid train`.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the order of rows with one time, and of ties.")] = 0,
    work: Annotated[Path | None, typer.Option(help="Keeps database and bundle for the next run.")] = None,
    output: Annotated[Path, typer.Option(help="File for the figures.")] = Path("var/replay.json"),
) -> None:
    """Train on the log before its last days, then ask and post what happened in them."""
    try:
        with tempfile.TemporaryDirectory(prefix="braid-replay-") as name:
            folder = Path(name)
            replayed = cut_log(dataset, folder / "before", days=days, include_seen=include_seen, seed=seed)
            made = prepare(work or folder / "work", folder / "before", budget=budget, say=_say)
            lists, rate = _asked(replayed, made, folder)
    except (LoadError, DataSetError) as error:
        typer.echo(f"replay: {error}", err=True)
        raise typer.Exit(1) from error
    ranked = {
        BRAID: lists,
        RECENT: simple.recent_popularity(replayed, days=popular_days, length=K, seed=seed),
        ITEM_KNN: simple.item_knn(replayed, length=K, seed=seed),
    }
    segments = _measured(replayed, ranked, seed)
    found = {
        "data": dataset.resolve().name,
        "days": days,
        "include_seen": include_seen,
        "posts": len(replayed.order),
        "requests_per_second": rate,
        "machine": describe_machine(),
        "segments": segments,
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(found, indent=2), encoding="utf-8")
    typer.echo(_table(segments, len(replayed.order), rate))
    _say(f"written to {output}")


def _asked(replayed: ReplayedLog, made: Work, folder: Path) -> tuple[Int32, float]:
    """Serve a copy of the database, so that the next run replays the same."""
    copy = made.copied(folder)
    bundles = folder / "bundles"
    shutil.copytree(made.bundles, bundles)
    environment = {"test_clock": datetime.fromtimestamp(replayed.cut, UTC).isoformat()}
    served = Work(copy.database, bundles, settings=environment)
    with serving(served, folder) as server, Client(server.port) as client:
        last = [0.0]

        def on_progress(done: float) -> None:
            if time.monotonic() - last[0] > 10:  # noqa: PLR2004 - seconds between two lines
                last[0] = time.monotonic()
                _say(f"replaying: {done:.0%}")

        return replay(replayed, client, length=K, on_progress=on_progress)


def _measured(replayed: ReplayedLog, ranked: dict[str, Int32], seed: int) -> dict[str, Segment]:
    questions = replayed.questions
    assert questions.kinds is not None  # noqa: S101 - a replay's questions have them
    values = measure_users(ranked, questions.targets, [K])
    rows = {name: np.flatnonzero(questions.kinds == kind) for kind, name in enumerate(replayed.names)}
    return {name: summarise(values, of_kind, seed=seed) for name, of_kind in rows.items() if len(of_kind)}


def _table(segments: dict[str, Segment], posts: int, rate: float) -> str:
    lines = [
        f"{posts:,} interactions posted, {rate:,.0f} requests/s",
        "",
        f"| question | asked | system | NDCG@{K} | Recall@{K} |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, segment in segments.items():
        for system, metrics in segment["metrics"].items():
            cells: list[Any] = [name, f"{segment['users']:,}", system]
            for metric in (f"ndcg@{K}", f"recall@{K}"):
                low, high = segment["intervals"][system][metric]
                cells.append(f"{metrics[metric]:.4f} ({low:.4f} to {high:.4f})")
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _say(text: str) -> None:
    typer.echo(text, err=True)


if __name__ == "__main__":
    cli()
