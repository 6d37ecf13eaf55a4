"""Measures and plots the time and memory of training by the number of interactions.

Each size is generated and trained in a process of its own: clean, split, tune, train the network, measure, refit on
everything and publish, with default settings.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from matplotlib.figure import Figure
from rich.console import Console

from models.bundle.store import BundleStore
from models.data.synthetic import generate
from models.evaluation.report import peak_memory_mb

SIZES = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
_INTERACTIONS_A_USER = 20
_USERS_AN_ITEM = 10
_WAIT_SECONDS = 4 * 3600
cli = typer.Typer(add_completion=False)
console = Console(soft_wrap=True, highlight=False)


@dataclass(frozen=True)
class Run:
    """The time and memory of training on a number of interactions."""

    interactions: int
    seconds: float
    peak_memory_mb: float
    phases: dict[str, float]


@cli.command()
def scale(
    sizes: Annotated[str, typer.Option(help="Numbers of interactions.")] = ",".join(map(str, SIZES)),
    output: Annotated[Path, typer.Option(help="File for the figures; the plot is written next to it as .svg.")] = Path(
        "var/scale.json"
    ),
    one: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Train on generated data of each size, and write a table and a plot."""
    if one:
        typer.echo(json.dumps(_train(one).__dict__))
        return
    runs = []
    for size in [int(text) for text in sizes.split(",")]:
        runs.append(_in_own_process(size))
        last = runs[-1]
        console.print(f"{size:>12,} interactions: {last.seconds:8.1f} s, {last.peak_memory_mb:8,.0f} MB")
    output.parent.mkdir(parents=True, exist_ok=True)
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "date": time.strftime("%Y-%m-%d")}
    output.write_text(json.dumps({"machine": machine, "runs": [run.__dict__ for run in runs]}, indent=2) + "\n")
    draw(runs, output.with_suffix(".svg"))
    console.print(f"written to {output} and {output.with_suffix('.svg')}")


def _train(size: int) -> Run:
    from models.training.trainer import train  # noqa: PLC0415 - TensorFlow, in the process that needs it

    users = size // _INTERACTIONS_A_USER
    dataset = generate(users, max(users // _USERS_AN_ITEM, 1), size)
    phases: dict[str, float] = {}
    last = start = time.perf_counter()

    def watch(phase: str, _done: float) -> None:
        nonlocal last
        now = time.perf_counter()
        phases[phase] = round(phases.get(phase, 0.0) + now - last, 3)
        last = now

    with tempfile.TemporaryDirectory(prefix="braid-scale-") as folder:
        train(dataset, BundleStore(Path(folder)), progress=watch)
    return Run(size, round(time.perf_counter() - start, 1), round(peak_memory_mb(), 1), phases)


def _in_own_process(size: int) -> Run:
    command = [sys.executable, "-m", "benchmarks.scale", "--one", str(size)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_WAIT_SECONDS)  # noqa: S603 - our own
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def draw(runs: list[Run], path: Path) -> None:
    """Plot seconds and memory by interactions on logarithmic axes, with a line of proportional growth."""
    figure = Figure(figsize=(9, 4), layout="constrained")
    time_axes, memory_axes = figure.subplots(1, 2)
    sizes = [run.interactions for run in runs]
    largest = runs[-1]
    time_axes.plot(sizes, [run.seconds for run in runs], "o-", label="measured")
    proportion = [largest.seconds * size / largest.interactions for size in sizes]
    time_axes.plot(sizes, proportion, ":", color="gray", label="proportional to the largest")
    time_axes.set(xscale="log", yscale="log", xlabel="interactions", ylabel="seconds", title="Training time")
    time_axes.legend()
    memory_axes.plot(sizes, [run.peak_memory_mb for run in runs], "o-")
    memory_axes.axhline(4096, color="gray", linestyle=":")
    memory_axes.set(xscale="log", xlabel="interactions", ylabel="MB", title="Peak memory")
    memory_axes.set_ylim(bottom=0)
    figure.savefig(path)


if __name__ == "__main__":
    cli()
