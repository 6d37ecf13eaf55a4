"""`braid train` and `braid worker`: bundles made now, or by a process that takes jobs."""

import asyncio
import signal
from typing import Annotated, Literal

import typer

from app.cli.arguments import Budget
from app.cli.output import AsJson, print_json
from app.cli.progress import progress_bars
from app.cli.running import console, run_command
from app.cli.showing_training import document, lines_of
from app.config import load_settings
from app.errors import BundleRefusedError
from app.process import factory
from app.process.resources import Resources
from app.schemas.training_jobs import MAX_SEED, TrainingJobIn
from app.tracing import traces
from app.worker.training_run import Order, Trained, run_training, summary
from app.worker.worker import Worker
from models.bundle.manifest import REPORT_FILE
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
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also print the figures of each part, and of each check of the gate.")
    ] = False,
    as_json: AsJson = False,
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
        run_command(lambda resources: _enqueue(resources, order, as_json=as_json))
    else:
        run_command(lambda resources: train_now(resources, order, force=force, verbose=verbose, as_json=as_json))


def worker() -> None:
    """Run training jobs, and add them by schedule and threshold, until stopped."""
    run_command(_work, log_level=load_settings().log_level)


async def train_now(
    resources: Resources,
    order: Order | None = None,
    *,
    force: bool = False,
    verbose: bool = False,
    as_json: bool = False,
) -> None:
    """Train on the log, publish a bundle, and activate it if it passes the gate.

    Parameters
    ----------
    force
        Whether a bundle is activated that the gate refuses.
    verbose
        Whether figures are printed as well.
    as_json
        Whether a document is printed in place of text.

    Raises
    ------
    BundleRefusedError
        The gate refuses it.
    """
    order = order or Order()
    with progress_bars() as progress:
        trained = await run_training(resources, order, progress)
    if not as_json:
        _print(trained, verbose=verbose)
    versions = factory.versions(resources)
    place = resources.bundles.place
    try:
        await versions.take(trained.bundle.version, "command", force=force)
    except BundleRefusedError:
        if as_json:
            print_json(document(trained, active=False, place=place))
        raise
    await versions.prune(await resources.training_jobs.versions_at_work())
    if as_json:
        print_json(document(trained, active=True, place=place))
        return
    version = trained.bundle.version
    console.print(f"bundle {version} is active; its report: {place}/{version}/{REPORT_FILE}")


def _print(trained: Trained, *, verbose: bool) -> None:
    for line in lines_of(trained):
        console.print(line)
    if verbose:
        console.print("")
        for line in summary(trained):
            console.print(line)
    console.print("")


async def _enqueue(resources: Resources, order: Order, *, as_json: bool) -> None:
    """Add a training job to the queue."""
    wanted = TrainingJobIn(kind=order.kind, seed=order.seed, budget=order.budget, from_manifest=order.from_manifest)
    job = await factory.training_jobs(resources).add(wanted, "command")
    if as_json:
        print_json(job)
    else:
        console.print(f"training job {job.job_id} is queued for a `braid worker`")


async def _work(resources: Resources) -> None:
    """Take training jobs until a signal stops it."""
    worker = Worker(resources)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    with traces.running():
        await worker.run()
