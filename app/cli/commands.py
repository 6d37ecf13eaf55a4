"""The work and the output of the longer commands."""

import asyncio
import signal
from collections.abc import Collection, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from app.cli.import_runs import import_files
from app.cli.progress import progress_bars
from app.errors import DatabaseError
from app.process import factory
from app.process.resources import Resources
from app.schemas.training_jobs import TrainingJobIn
from app.tracing import traces
from app.worker.training_run import Order, run_training, summary
from app.worker.worker import Worker
from models.data.cutting import PROTOCOLS
from models.data.errors import DataSetError
from models.data.file_chunks import in_memory
from models.data.folder import DataSet
from models.data.goal import BETWEEN_GOALS
from models.data.sample import MOVIELENS_TERMS, is_cached, movielens
from models.data.sample_shop import generate_shop
from models.evaluation.profile_rows import profile_rows
from models.evaluation.report import BLEND, POPULARITY, EvaluationReport

_SAMPLE_USER = "196"


async def train(resources: Resources, console: Console, order: Order | None = None, *, force: bool = False) -> None:
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


async def enqueue(resources: Resources, console: Console, order: Order) -> None:
    """Add a training job to the queue."""
    wanted = TrainingJobIn(kind=order.kind, seed=order.seed, budget=order.budget, from_manifest=order.from_manifest)
    job = await factory.training_jobs(resources).add(wanted, "command")
    console.print(f"training job {job.job_id} is queued for a `braid worker`")


async def work(resources: Resources) -> None:
    """Take training jobs until a signal stops it."""
    worker = Worker(resources)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.stop)
    with traces.running():
        await worker.run()


async def list_bundles(resources: Resources, console: Console) -> None:
    """Print the versions, newest first."""
    table = _table("version", "active", "NDCG@10", "gate", "activated by")
    for one in (await factory.versions(resources).page()).items:
        ndcg = one.metrics.get(BLEND, {}).get("ndcg@10")
        gate = "-" if one.gate is None else "passed" if one.gate.passed else "refused"
        active, by = "yes" if one.active else "", one.activated_by or ""
        table.add_row(one.version, active, "-" if ndcg is None else f"{ndcg:.4f}", one.problem or gate, by)
    console.print(table)


async def activate(resources: Resources, console: Console, version: str, *, force: bool) -> None:
    """Activate a version."""
    await factory.versions(resources).activate(version, "command", force=force)
    console.print(f"bundle {version} is active")


async def export_folder(resources: Resources, console: Console, folder: Path) -> None:
    """Write a data-set folder and print its counts.

    Raises
    ------
    DatabaseError
        The text says that nothing was exported.
    """
    try:
        with progress_bars() as progress:
            done = await factory.exporting_log(resources).run(folder, progress)
    except DatabaseError as error:
        raise type(error)(f"{error}; nothing was exported: the files in {folder} are as they were") from error
    console.print(f"{folder}: {done.interactions:,} interactions, {done.items:,} items, {done.users:,} users")


async def export_recommendations(resources: Resources, console: Console, output: Path, limit: int) -> None:
    """Write the recommendations of all users to a file and print its counts."""
    # No other command ranks: these imports would take each of them a second.
    from app.process import serving_factory  # noqa: PLC0415
    from app.process.serving_state import ServingState  # noqa: PLC0415

    state = ServingState(resources)
    await resources.schema.load()
    await state.bundle.start()
    with progress_bars() as progress:
        done = await serving_factory.exporting_recommendations(state).recommendations(output, limit, progress)
    console.print(f"{output}: {done.rows:,} recommendations for {done.users:,} users, by bundle {done.bundle_version}")


async def prepare_demo(resources: Resources, console: Console, *, synthetic: tuple[int, int, int] | None) -> str:
    """Fill the database and train, unless that was done before; return a user to try.

    Parameters
    ----------
    synthetic
        Users, items and interactions to generate; MovieLens 100k where None.
    """
    count = await resources.interactions.count()
    if count:
        console.print(f"{resources.database.place}: holds {count:,} interactions already; they are kept as they are")
    else:
        await import_files(resources, in_memory(_demo_data(console, synthetic)), console)
    version = resources.bundles.active_version()
    if version is None:
        await train(resources, console)
    else:
        console.print(f"{resources.bundles.place}: bundle {version} is active already")
    if (await resources.interactions.histories([_SAMPLE_USER], 1))[_SAMPLE_USER]:
        return _SAMPLE_USER
    user = await resources.interactions.any_user()
    return user or _SAMPLE_USER


def _demo_data(console: Console, synthetic: tuple[int, int, int] | None) -> DataSet:
    if synthetic is not None:
        users, items, interactions = synthetic
        if interactions < users:
            raise typer.BadParameter("must be at least as many as users", param_hint="--interactions")
        with progress_bars() as progress:
            progress("generating", 0.0)
            dataset = generate_shop(users, items, interactions)
            progress("generating", 1.0)
        return dataset
    if not is_cached():
        console.print(MOVIELENS_TERMS)
    with progress_bars() as progress:
        progress("sample data", 0.0)
        try:
            dataset = movielens()
        except DataSetError as error:
            raise DataSetError(f"{error}; `braid demo --synthetic` needs no network") from error
        progress("sample data", 1.0)
    return dataset


def parse_ks(text: str) -> list[int]:
    """Read the lengths of lists, for example `5,10,20`."""
    try:
        ks = sorted({int(part) for part in text.split(",")})
    except ValueError:
        ks = []
    if not ks or ks[0] < 1:
        raise typer.BadParameter("must be whole numbers from 1, for example 5,10,20", param_hint="--k")
    return ks


def parse_protocol(name: str | None) -> str | None:
    """Check the name of a protocol."""
    if name is not None and name not in PROTOCOLS:
        raise typer.BadParameter(f"must be one of {', '.join(PROTOCOLS)}", param_hint="--protocol")
    return name


def require_one_goal(text: str | None) -> None:
    """Refuse several goals where one is measured."""
    if text is not None and BETWEEN_GOALS in text:
        raise typer.BadParameter("an evaluation measures one goal: evaluate each of them", param_hint="--goal")


def parse_seen(text: str, known: Collection[str], *, include_seen: bool) -> Sequence[str] | None:
    """Read the event types whose items are left out, of those that are known; None where the text is empty."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names and include_seen:
        raise typer.BadParameter("cannot be given together with --include-seen", param_hint="--exclude-seen")
    for name in names:
        if name not in known:
            said = f"{name!r} is not one of {', '.join(sorted(known))}: BRAID_EVENT_TYPES can name it"
            raise typer.BadParameter(said, param_hint="--exclude-seen")
    return names or None


def parse_parts(text: str) -> Sequence[str]:
    """Read the names of parts, for example `item_knn,ease`; all of them where the text is empty."""
    from models.ranking.candidates import TRAINED  # noqa: PLC0415 - imports the recommenders: half a second

    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in TRAINED]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(TRAINED)}", param_hint="--only")
    return names or TRAINED


def page_beside(output: Path | None) -> Path | None:
    """Return the path of the HTML page that goes with a JSON file."""
    if output is None:
        return None
    page = output.with_suffix(".html")
    if page == output:
        raise typer.BadParameter(
            "must not end in .html: the report of that name is written next to the JSON file", param_hint="--output"
        )
    return page


def print_report(report: EvaluationReport, console: Console) -> None:
    """Print an evaluation: counts, a table of metrics, segments, settings, time and memory."""
    console.print(f"protocol: {report.protocol}")
    console.print(f"goal: {report.goal or 'all interactions'}")
    console.print("counts: " + ", ".join(f"{name} {value:,}" for name, value in _numbers(report.counts)))
    for reason, count in report.counts["rows_dropped"].items():
        console.print(f"  {count:,} rows dropped: {reason}")
    names = [name.partition("@") for name in next(iter(report.metrics.values()))]
    for k in sorted({int(k) for _, _, k in names}):
        metrics = [metric for metric, _, other in names if int(other) == k]
        table = _table(f"@{k}", *metrics)
        for part, values in report.metrics.items():
            table.add_row(part, *(f"{values[f'{metric}@{k}']:.4f}" for metric in metrics))
        console.print("", table)
    console.print("", _segments(report), "")
    console.print(f"settings: {report.settings}")
    for part, reason in report.left_out.items():
        console.print(f"left out: {part}: {reason}")
    for label, text in profile_rows(report.profiles):
        console.print(f"{label}: {text}")
    console.print(f"budget: {report.budget}")
    console.print("seconds: " + ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in report.seconds.items()))
    console.print(f"peak memory: {report.peak_memory_mb:,.0f} MB")


def _segments(report: EvaluationReport) -> Table:
    """Compare the blend with popularity in each segment."""
    columns = [
        (part, f"{metric}@{report.plain_k}") for metric in ("recall", "ndcg") for part in (BLEND, POPULARITY)
    ]  # fmt: skip
    table = _table("segment", "users", *(f"{part}\n{metric}" for part, metric in columns))
    for name, segment in report.named_segments():
        values = (f"{segment['metrics'][part][metric]:.4f}" for part, metric in columns)
        table.add_row(name, f"{segment['users']:,}", *values)
    return table


def _table(first: str, *others: str) -> Table:
    """Make a table that fits into 80 columns."""
    table = Table(first, box=None, padding=(0, 1, 0, 0))
    for name in others:
        table.add_column(name, justify="right")
    return table


def _numbers(counts: dict[str, object]) -> Sequence[tuple[str, int]]:
    return [(name, value) for name, value in counts.items() if isinstance(value, int)]
