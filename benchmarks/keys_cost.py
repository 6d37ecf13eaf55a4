"""Measures what API keys and rate limits cost on the hot path: `python -m benchmarks.keys_cost` (needs wrk).

Exit codes: 0 done, 1 something went wrong, 2 wrong usage.
"""

import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError
from benchmarks.load.keys import new_key
from benchmarks.load.machine import cores_for, describe_machine
from benchmarks.load.server import Server, serving
from benchmarks.load.work import prepare
from benchmarks.load.wrk import run_wrk
from models.data.folder import write_folder
from models.data.synthetic import generate

_WITHOUT, _KEY, _LIMIT = "without keys", "with a key", "with a key and a limit"
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def main(
    rounds: Annotated[int, typer.Option(min=1, help="Turns of all three servers.")] = 9,
    seconds: Annotated[int, typer.Option(min=1, help="Seconds of each measurement.")] = 4,
    connections: Annotated[int, typer.Option(min=1)] = 16,
) -> None:
    """Serve one small bundle three times, and ask for the same lists in turns."""
    typer.echo(f"{describe_machine()}; one worker each, {connections} connections, medians of {rounds} rounds")
    try:
        with tempfile.TemporaryDirectory(prefix="braid-keys-") as name, ExitStack() as stack:
            _measure(Path(name), stack, rounds, seconds, connections)
    except LoadError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _measure(folder: Path, stack: ExitStack, rounds: int, seconds: int, connections: int) -> None:
    data = generate(200, 100, 4000, seed=1)
    write_folder(folder / "data", data)
    plain = prepare(folder, folder / "data", budget=0, say=typer.echo)
    (folder / "keys").mkdir()
    keyed = plain.copied(folder / "keys")
    header = f"Authorization: Bearer {new_key(keyed, 'load', 'read', 'admin')[0]}"
    limited = replace(keyed, settings={"rate_limit": "1000000000/minute"})
    # Unpinned, the load now and then shares the core of the server that is asked.
    cores = cores_for(1, pin=True)
    servers = {
        name: stack.enter_context(serving(work, _made(folder / f"server-{number}"), core=cores.server))
        for number, (name, work) in enumerate(((_WITHOUT, plain), (_KEY, keyed), (_LIMIT, limited)))
    }
    users = sorted(set(data.interactions["user_id"].to_pylist()))
    rates: dict[str, list[float]] = {name: [] for name in servers}
    for number in range(rounds + 1):
        for name, server in servers.items():
            headers = () if name == _WITHOUT else (header,)
            path = f"/recommend/{users[number]}"
            _ask(server, path, headers)
            found = run_wrk(
                server.port,
                [path],
                connections=connections,
                seconds=seconds,
                core=cores.load,
                folder=folder,
                headers=headers,
            )
            # The first round warms up.
            if number:
                rates[name].append(found.rate)
    for name, found_rates in rates.items():
        shares = [rate / first for rate, first in zip(found_rates, rates[_WITHOUT], strict=True)]
        typer.echo(
            f"  {name}: {statistics.median(found_rates):,.0f} requests/s,"
            f" {100 * (1 - statistics.median(shares)):.1f} % fewer than without keys in the same round"
        )


def _ask(server: Server, path: str, headers: tuple[str, ...]) -> None:
    """Ask twice, so that the answer comes from the hot path."""
    with Client(server.port) as client:
        for _ in range(2):
            client.get(path, dict(header.split(": ", 1) for header in headers))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    cli()
