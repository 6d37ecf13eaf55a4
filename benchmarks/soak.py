"""Serves under mixed load while bundles are swapped and the database is restarted: `python -m benchmarks.soak`.

Exit codes: 0 all lines hold, 1 one does not or something went wrong, 2 wrong usage.
"""

import asyncio
import json
import tempfile
import time
import uuid
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.load.server import Server, serving
from benchmarks.soaking.mix import Mix
from benchmarks.soaking.report import draw, to_markdown
from benchmarks.soaking.restarts import Restarts, restart_in_the_course
from benchmarks.soaking.shop import Shop, shop
from benchmarks.soaking.swaps import Swaps, swap_in_turns
from benchmarks.soaking.traffic import Traffic
from benchmarks.soaking.verdict import Soaked
from benchmarks.soaking.watch import Watched, sample_freshness, sample_held

WORKERS = 2
_CONNECTIONS = 16
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def soak(
    minutes: Annotated[float, typer.Option(min=0.1, help="Length after the warm-up.")] = 30.0,
    share: Annotated[float, typer.Option(min=0.05, max=1, help="Share of the capacity that is offered.")] = 0.7,
    swap_seconds: Annotated[float, typer.Option(min=5, help="Seconds between two swaps of the bundle.")] = 120.0,
    restarts: Annotated[int, typer.Option(min=0, help="Restarts of PostgreSQL in the course.")] = 3,
    database: Annotated[Literal["postgresql", "sqlite"], typer.Option(help="SQLite has no restarts.")] = "postgresql",
    items: Annotated[int, typer.Option(min=200, help="Items of the generated shop.")] = 5000,
    users: Annotated[int, typer.Option(min=50, help="Users who ask and post; they are known at the start.")] = 20_000,
    capacity_seconds: Annotated[float, typer.Option(min=1, help="Length of the measurement of the capacity.")] = 20.0,
    sample_seconds: Annotated[float, typer.Option(min=0.5, help="Seconds between two samples of memory.")] = 10.0,
    budget: Annotated[float, typer.Option(min=0, help="Option of `braid train`.")] = 20.0,
    output: Annotated[Path, typer.Option(help="File for the table; plot and figures are written next to it.")] = Path(
        "var/soak.md"
    ),
) -> None:
    """Find the capacity, retrain under load, and soak; print what holds and what does not."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="braid-soak-") as name,
            shop(Path(name), database, items=items, users=users, budget=budget) as made,
            serving(made.work, Path(name), workers=WORKERS) as server,
        ):
            run = _Run(made, server, share, swap_seconds, restarts if made.cluster else 0, sample_seconds)
            soaked = asyncio.run(run.soak(capacity_seconds, minutes * 60))
    except LoadError as error:
        typer.echo(f"soak: {error}", err=True)
        raise typer.Exit(1) from error
    machine = describe_machine()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(to_markdown(soaked) + "\n", encoding="utf-8")
    draw(soaked, output.with_suffix(".svg"))
    figures = {"machine": machine, "database": database, "lines": [asdict(line) for line in soaked.lines()]}
    output.with_suffix(".json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    typer.echo(to_markdown(soaked))
    if any(line.holds is False for line in soaked.lines()):
        raise typer.Exit(1)


class _Run:
    """One soak of a running server."""

    def __init__(
        self, made: Shop, server: Server, share: float, swap_seconds: float, restarts: int, sample_seconds: float
    ) -> None:
        self._shop, self._server, self._share = made, server, share
        self._swap_seconds, self._restart_count, self._sample_seconds = swap_seconds, restarts, sample_seconds
        self._id = f"soak-{uuid.uuid4().hex[:8]}"
        self._swaps, self._restarts, self._watched = Swaps(), Restarts(), Watched()
        mix = Mix(made.users, made.items, made.categories, run=self._id)
        self._traffic = Traffic(server.port, mix.draw, self._swaps.allowed)

    async def soak(self, capacity_seconds: float, seconds: float) -> Soaked:
        """Measure the capacity, warm up with a retraining and two swaps, and run for some seconds."""
        (first,) = self._shop.versions()
        self._swaps.made.append((first, 0.0, 0.0))
        _say("measuring the capacity")
        # The first half is for the caches.
        await self._traffic.capacity(capacity_seconds / 2, _CONNECTIONS)
        capacity = await self._traffic.capacity(capacity_seconds, _CONNECTIONS)
        over = asyncio.Event()
        offering = asyncio.create_task(self._traffic.offer(capacity * self._share, over))
        _say(f"{capacity:,.0f} requests/s; offering {self._share:.0%} of that, and training once more")
        began = await self._warm_up(first)
        others = [
            swap_in_turns(self._swaps, self._server.port, self._versions, self._swap_seconds, over),
            sample_held(self._server, self._watched, self._sample_seconds, over),
            sample_freshness(self._server, self._id, self._watched, over),
        ]
        watching = [asyncio.create_task(other) for other in others]
        if self._shop.cluster is not None:
            restarting = restart_in_the_course(self._restarts, self._shop.cluster, self._restart_count, seconds)
            watching.append(asyncio.create_task(restarting))
        await self._wait(began + seconds, [offering, *watching])
        ended = time.monotonic()
        over.set()
        await asyncio.gather(offering, *watching)
        self._traffic.close()
        stored = await self._shop.events(self._id)
        found = self._traffic.outcome
        return Soaked(
            capacity, capacity * self._share, found, self._swaps, self._restarts, self._watched, began, ended, stored
        )

    async def _warm_up(self, first: str) -> float:
        # What trains activates its bundle as well, unless the gate refuses it: from here on it may answer.
        self._swaps.any_from(time.monotonic())
        await self._shop.train()
        second = self._shop.versions()[-1]
        self._versions = (first, second)
        for version in (first, second):
            if not await self._swaps.activate(self._server.port, version):
                raise LoadError(f"activating {version}: {self._swaps.refused[-1][2]}")
            await asyncio.sleep(min(self._swap_seconds, 15))
        _say(f"warm: {first} and {second} are used in turns")
        return time.monotonic()

    @staticmethod
    async def _wait(until: float, tasks: list[asyncio.Task[None]]) -> None:
        """Wait until the end; a task that fails ends the run."""
        while (left := until - time.monotonic()) > 0:
            done, _ = await asyncio.wait(tasks, timeout=left, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
            tasks = [task for task in tasks if not task.done()]


def _say(text: str) -> None:
    typer.echo(text, err=True)


if __name__ == "__main__":
    cli()
