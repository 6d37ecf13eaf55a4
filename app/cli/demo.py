"""`braid demo`: everything on sample data, up to a server that answers."""

import asyncio
import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from app.cli.arguments import Host, Port
from app.cli.demo_data import Kind, estimate, example_user, held, kept
from app.cli.import_runs import import_files
from app.cli.progress import progress_bars
from app.cli.running import console
from app.cli.training import train_now
from app.config import load_settings
from app.process.resources import Resources
from app.server.serving import require_free_port
from app.storage.migrations import upgrade
from models.data.errors import DataSetError
from models.data.file_chunks import in_memory
from models.data.folder import DataSet
from models.data.sample import MOVIELENS_TERMS, is_cached, movielens
from models.data.sample_shop import generate_shop

MOVIELENS_ROWS = 100_000


def demo(
    synthetic: Annotated[
        bool, typer.Option("--synthetic", help="Generate a shop for outdoor equipment; nothing is downloaded.")
    ] = False,
    users: Annotated[int, typer.Option(min=1, help="With --synthetic: users to generate.")] = 1000,
    items: Annotated[int, typer.Option(min=1, help="With --synthetic: items to generate.")] = 1500,
    interactions: Annotated[int, typer.Option(min=1, help="With --synthetic: interactions to generate.")] = 50_000,
    host: Host = None,
    port: Port = None,
) -> None:
    """Do everything on sample data: download, migrate, import, train, serve. Existing data is kept."""
    if synthetic and interactions < users:
        raise typer.BadParameter("must be at least as many as users", param_hint="--interactions")
    settings = load_settings(host=host, port=port)
    require_free_port(settings)

    async def run() -> str:
        async with Resources(settings) as resources:
            await upgrade(resources.database)
            size = (users, items, interactions) if synthetic else None
            return await _prepare(resources, console, synthetic=size)

    user = asyncio.run(run())
    # A new process: this one may have loaded TensorFlow, which a serving process must not load.
    sys.stdout.flush()
    command = [sys.executable, "-m", "app.cli", "serve", "--host", settings.host, "--port", str(settings.port)]
    os.execv(sys.executable, [*command, "--example-user", user])  # noqa: S606 - every part is our own


async def _prepare(resources: Resources, console: Console, *, synthetic: tuple[int, int, int] | None) -> str:
    """Fill the database and train, unless that was done before; return a user to try.

    Parameters
    ----------
    synthetic
        Users, items and interactions to generate; MovieLens 100k where None.
    """
    wanted: Kind = "movielens" if synthetic is None else "synthetic"
    there, version = await held(resources), resources.bundles.active_version()
    if there is None:
        rows = MOVIELENS_ROWS if synthetic is None else synthetic[2]
        for line in estimate(wanted, rows, cached=is_cached()):
            console.print(line)
        console.print("")
        await import_files(resources, in_memory(_demo_data(console, synthetic)), console)
    else:
        count = await resources.interactions.count()
        console.print(f"{resources.database.place}: holds {count:,} interactions already; they are kept as they are")
        for line in kept(resources, wanted, there):
            console.print(line)
    if version is None:
        await train_now(resources)
    else:
        console.print(f"{resources.bundles.place}: bundle {version} is active already")
    return await example_user(resources)


def _demo_data(console: Console, synthetic: tuple[int, int, int] | None) -> DataSet:
    if synthetic is not None:
        with progress_bars() as progress:
            progress("generating", 0.0)
            dataset = generate_shop(*synthetic)
            progress("generating", 1.0)
        return dataset
    if not is_cached():
        console.print(MOVIELENS_TERMS)
    with progress_bars() as progress:
        progress("sample data", 0.0)
        try:
            dataset = movielens()
        except DataSetError as error:
            raise DataSetError(f"{error}; `braid demo --synthetic` generates its data and downloads nothing") from error
        progress("sample data", 1.0)
    return dataset
