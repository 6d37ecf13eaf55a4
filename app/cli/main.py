"""The `braid` command. What it prints is for people; exit codes: 0 done, 1 failed, 2 wrong usage or unusable data."""

import asyncio
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal

import typer

from app.cli import commands, migrating
from app.cli.arguments import Budget
from app.cli.bundles import bundles
from app.cli.doctor import doctor
from app.cli.embedding import embed
from app.cli.erasure import erase_proof
from app.cli.evaluating import evaluate
from app.cli.export import ExportGroup
from app.cli.importing import import_files
from app.cli.keys import keys, make_first, require_key
from app.cli.running import console, run_command
from app.config import SettingsError, load_settings
from app.errors import BraidError
from app.process.resources import Resources, open_database
from app.schemas.options import DEFAULT_LIMIT, MAX_LIMIT
from app.schemas.training_jobs import MAX_SEED
from app.server.serving import announce_when_live, require_free_port, serve_forever
from app.services.scenarios.definition_file import read_scenarios
from app.storage.migrations import require_schema, upgrade
from app.worker.training_run import Order
from models import DISTRIBUTION
from models.bundle.errors import BundleError
from models.bundle.naming import checked
from models.data.errors import DataSetError

cli = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False, help="Braid: a recommendation service.", add_completion=False
)
export = typer.Typer(
    cls=ExportGroup,
    no_args_is_help=True,
    help="Write interactions and catalogue to a folder, or recommendations to a file.",
)
cli.add_typer(export, name="export")
cli.add_typer(bundles, name="bundles")
cli.add_typer(keys, name="key")
cli.command(name="import")(import_files)
cli.command()(evaluate)
cli.command()(embed)
cli.command()(doctor)
cli.command()(erase_proof)

Host = Annotated[str | None, typer.Option(help="Address to listen on (BRAID_HOST).")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on (BRAID_PORT).")]
Workers = Annotated[int | None, typer.Option(min=1, max=256, help="Processes to start (BRAID_WORKERS).")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"braid {version(DISTRIBUTION)}")
        raise typer.Exit


@cli.callback()
def _global(
    _wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None: ...


@cli.command()
def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")] = False,
    confirm_order: Annotated[
        bool,
        typer.Option("--confirm-order", help="Also move rows that look like an order from `timestamp` to `sequence`."),
    ] = False,
    first_key: Annotated[
        bool, typer.Option("--first-key", help="Also make an admin key and print it, if there has never been a key.")
    ] = False,
) -> None:
    """Create or update the database's tables."""
    if dry_run and confirm_order:
        raise typer.BadParameter("cannot be combined with --dry-run", param_hint="--confirm-order")

    async def run() -> None:
        async with open_database(load_settings()) as database:
            if dry_run:
                await migrating.plan(database, console)
            else:
                await migrating.migrate(database, console, confirm_order=confirm_order)

    asyncio.run(run())
    if first_key and not dry_run:
        run_command(make_first)


@cli.command()
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
        run_command(lambda resources: commands.enqueue(resources, console, order))
    else:
        run_command(lambda resources: commands.train(resources, console, order, force=force))


@cli.command()
def worker() -> None:
    """Run training jobs, and add them by schedule and threshold, until stopped."""
    run_command(commands.work, log_level=load_settings().log_level)


@export.command(name=ExportGroup.default)
def export_folder(
    folder: Annotated[Path, typer.Argument(help="Folder for the files: interactions, items and users as Parquet.")],
) -> None:
    """Write all data to a data-set folder; short form: `braid export FOLDER`."""
    run_command(lambda resources: commands.export_folder(resources, console, folder))


@export.command(name="recommendations")
def export_recommendations(
    output: Annotated[Path, typer.Option(help="The Parquet file; it appears when it is complete.")] = Path(
        "recommendations.parquet"
    ),
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="Maximum length of each list.")] = DEFAULT_LIMIT,
) -> None:
    """Write the ranked list of every user of the log to a file, for e-mails or a data warehouse."""
    run_command(lambda resources: commands.export_recommendations(resources, console, output, limit))


@cli.command()
def serve(
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    example_user: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve the HTTP API until stopped."""
    settings = load_settings(host=host, port=port, workers=workers)

    async def check() -> None:
        async with Resources(settings) as resources:
            await require_schema(resources.database)
            await require_key(resources)
        if settings.scenarios is not None:
            read_scenarios(settings.scenarios)

    asyncio.run(check())
    require_free_port(settings)
    announce_when_live(settings, example_user)
    serve_forever(settings)


@cli.command()
def demo(
    synthetic: Annotated[bool, typer.Option(help="Generate the data; nothing is downloaded.")] = False,
    users: Annotated[int, typer.Option(min=1, help="Users to generate.")] = 1000,
    items: Annotated[int, typer.Option(min=1, help="Items to generate.")] = 1500,
    interactions: Annotated[int, typer.Option(min=1, help="Interactions to generate.")] = 50_000,
    host: Host = None,
    port: Port = None,
) -> None:
    """Do everything on sample data: download, migrate, import, train, serve. Existing data is kept."""
    settings = load_settings(host=host, port=port)
    require_free_port(settings)

    async def run() -> str:
        async with Resources(settings) as resources:
            await upgrade(resources.database)
            size = (users, items, interactions) if synthetic else None
            return await commands.prepare_demo(resources, console, synthetic=size)

    user = asyncio.run(run())
    # A new process: this one may have loaded TensorFlow, which a serving process must not load.
    sys.stdout.flush()
    command = [sys.executable, "-m", "app.cli", "serve", "--host", settings.host, "--port", str(settings.port)]
    os.execv(sys.executable, [*command, "--example-user", user])  # noqa: S606 - every part is our own


def main() -> None:
    """Run the command; an error is printed in one line."""
    try:
        cli()
    except DataSetError as error:
        _end(str(error), 2)
    except (BraidError, BundleError, SettingsError) as error:
        _end(str(error), 1)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        _end(f"{place}{error.strerror or error}", 1)
    except KeyboardInterrupt:
        _end("stopped", 130)


def _end(message: str, code: int) -> None:
    typer.echo(f"braid: {' '.join(message.splitlines())}", err=True)
    sys.exit(code)
