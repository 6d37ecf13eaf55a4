"""`braid train` and `braid worker`: bundles made now, or by a process that takes jobs."""

import asyncio
import signal
from typing import Annotated, Literal

import typer
from rich.console import Console

from app.cli.arguments import Budget
from app.cli.progress import progress_bars
from app.cli.running import console, run_command
from app.config import load_settings
from app.process import factory
from app.process.resources import Resources
from app.schemas.training_jobs import MAX_SEED, TrainingJobIn
from app.tracing import traces
from app.worker.training_run import Order, run_training, summary
from app.worker.worker import Worker
from models.bundle.naming import checked


def train(
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="The same seed and data give the same bundle.")] = 0,
    budget: Budget = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Keep the settings and the network of the active bundle.")
    ] = False,
    from_manifest: Annotated[
        str | None, typer.Option(help="Repeat the run that made this version; the same data gives the same result.")
    ] = None,
    enqueue: Annotated[
        bool, typer.Option("--enqueue", help="Add a job for a `braid worker` instead of training now.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Activate the bundle even if the gate refuses it.")] = False,
) -> None:
    """Train on the database's interactions, publish a bundle, and activate it if it passes the gate."""
    if refresh and from_manifest is not None:
        raise typer.BadParameter("cannot be combined with --refresh", param_hint="--from-manifest")
    if enqueue and force:
        raise typer.BadParameter(
            "cannot be combined with --enqueue: a worker never forces a bundle", param_hint="--force"
        )
    if from_manifest is not None:
        checked(from_manifest)
    kind: Literal["full", "refresh", "again"] = "refresh" if refresh else "again" if from_manifest else "full"
    order = Order(kind=kind, seed=seed, budget=budget, from_manifest=from_manifest)

    if enqueue:
        run_command(lambda resources: _enqueue(resources, console, order))
    else:
        run_command(lambda resources: train_now(resources, console, order, force=force))


def worker() -> None:
    """Run training jobs, and add them by schedule and threshold, until stopped."""
    run_command(_work, log_level=load_settings().log_level)


async def train_now(resources: Resources, console: Console, order: Order | None = None, *, force: bool = False) -> None:
    """Train on the log, publish a bundle, and activate it if it passes the gate.

    Parameters
    ----------
    force
        Whether a bundle is activated that the gate refuses.

    Raises
    ------
    BundleRefusedError
        The gate refuses it.
    """
    order = order or Order()
    with progress_bars() as progress:
        trained = await run_training(resources, order, progress)
    for line in summary(trained):
        console.print(line)
    versions = factory.versions(resources)
    await versions.take(trained.bundle.version, "command", force=force)
    await versions.prune(await resources.training_jobs.versions_at_work())
    console.print(f"bundle {trained.bundle.version} is active")


async def _enqueue(resources: Resources, console: Console, order: Order) -> None:
    """Add a training job to the queue."""
    wanted = TrainingJobIn(kind=order.kind, seed=order.seed, budget=order.budget, from_manifest=order.from_manifest)
    job = await factory.training_jobs(resources).add(wanted, "command")
    console.print(f"training job {job.job_id} is queued for a `braid worker`")


async def _work(resources: Resources) -> None:
    """Take training jobs until a signal stops it."""
    worker = Worker(resources)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    with traces.running():
        await worker.run()
