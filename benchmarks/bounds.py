"""Measures what requests that ask for much cost a server, and its other clients: `python -m benchmarks.bounds`.

Each is sent to a server with a small generated shop while another client asks for recommendations. Exit codes: 0 done,
1 something went wrong, 2 wrong usage.
"""

import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks import bounds_bodies, bounds_connections
from benchmarks.load.attacks import Attack
from benchmarks.load.beside import client_beside
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.load.server import Server, serving
from benchmarks.load.work import prepare
from models.data.folder import write_folder
from models.data.synthetic import generate

cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
_USERS = 200
_AT_LEAST_SECONDS = 2.0
_SETTLE_SECONDS = 0.5


@cli.command()
def bounds(
    rounds: Annotated[int, typer.Option(min=1, help="How often all rows are measured, on one server.")] = 1,
    normal: Annotated[float, typer.Option(min=1, help="Seconds before each, without it.")] = 5,
    only: Annotated[str, typer.Option(help="Only rows whose names hold this.")] = "",
) -> None:
    """Serve a small generated shop, and print a row for each attack."""
    typer.echo(f"{describe_machine()}; one worker")
    attacks = [one for one in (*bounds_bodies.ATTACKS, *bounds_connections.ATTACKS) if only in one.name]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        with tempfile.TemporaryDirectory(prefix="braid-bounds-") as name:
            folder = Path(name)
            write_folder(folder / "shop", generate(_USERS, 100, 4_000, seed=1))
            made = prepare(folder, folder / "shop", budget=0, say=lambda text: typer.echo(text, err=True))
            work = replace(made, settings={"imports": str(folder / "imports")})
            # The server starts with as many files as a shell usually allows.
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(bounds_connections.DESCRIPTORS, soft), hard))
            with serving(work, folder) as server:
                resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
                _compare(server, work.users()[:_USERS], attacks * rounds, normal)
                ended = bounds_connections.stopped(server)
                typer.echo(f"\n{ended.answered}: {ended.seconds:.1f} s")
    except LoadError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _compare(server: Server, users: list[str], attacks: list[Attack], normal: float) -> None:
    typer.echo("| Request | Answer | s | p99 before, ms | p99, ms | times | longest, ms | MB more |")
    typer.echo("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for attack in attacks:
        attack.prepare(server)
        with client_beside(server, users) as usual:
            time.sleep(normal)
        time.sleep(_SETTLE_SECONDS)
        with client_beside(server, users) as found:
            began = time.monotonic()
            outcome = attack.run(server)
            time.sleep(max(_AT_LEAST_SECONDS - (time.monotonic() - began), 0))
        times = [f"{usual.p99:.1f}", f"{found.p99:.1f}", f"{found.p99 / usual.p99:.1f}", f"{max(found.waited):.0f}"]
        typer.echo(
            f"| {attack.name} | {outcome.answered} | {outcome.seconds:.2f} | {' | '.join(times)} | {found.grown:.0f} |"
        )


if __name__ == "__main__":
    cli()
