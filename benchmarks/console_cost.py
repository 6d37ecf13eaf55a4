"""Measures what the console's Overview costs a server while somebody watches it: `python -m benchmarks.console_cost`.

A real browser (Chromium) has the page open beside a load at half of the capacity, in turns with the same load alone.
Exit codes: 0 done, 1 something went wrong, 2 wrong usage.
"""

import asyncio
import shutil
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from playwright.async_api import async_playwright

from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.load.server import Server, serving
from benchmarks.soaking.mix import Mix
from benchmarks.soaking.shop import shop
from benchmarks.soaking.traffic import Traffic

_CONNECTIONS, _SHARE, _CAPACITY_SECONDS = 16, 0.5, 10.0
_FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def main(
    rounds: Annotated[int, typer.Option(min=1, help="Turns of watched and unwatched.")] = 3,
    seconds: Annotated[float, typer.Option(min=5, help="Seconds of each.")] = 60,
    workers: Annotated[int, typer.Option(min=1, help="Processes of the server.")] = 1,
) -> None:
    """Serve a generated shop, offer half of what it can answer, and print its CPU seconds with and without the page."""
    typer.echo(f"{describe_machine()}; {workers} worker{'s' if workers > 1 else ''}, SQLite")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="braid-console-") as name,
            shop(Path(name), "sqlite", items=2000, users=5000, budget=1) as made,
            serving(made.work, Path(name), workers=workers) as server,
        ):
            traffic = Traffic(
                server.port,
                Mix(made.users, made.items, made.categories, run="console").draw,
                lambda *_: True,
            )
            asyncio.run(_measure(server, traffic, rounds, seconds))
    except LoadError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


async def _measure(server: Server, traffic: Traffic, rounds: int, seconds: float) -> None:
    await traffic.capacity(_CAPACITY_SECONDS, _CONNECTIONS)
    capacity = await traffic.capacity(_CAPACITY_SECONDS, _CONNECTIONS)
    typer.echo(f"capacity {capacity:,.0f} requests/s; {_SHARE:.0%} of it are offered, {seconds:g} s each")
    over = asyncio.Event()
    offering = asyncio.create_task(traffic.offer(capacity * _SHARE, over))
    shares = []
    for _ in range(rounds):
        alone = await _spent(server, seconds, watched=False)
        watched = await _spent(server, seconds, watched=True)
        shares.append(watched / alone - 1)
        typer.echo(f"  {alone:.2f} CPU s alone, {watched:.2f} CPU s watched: {shares[-1]:+.1%}")
    over.set()
    await offering
    traffic.close()
    idle = [await _spent(server, seconds, watched=watched) for watched in (False, True)]
    typer.echo(f"watched beside the load: {statistics.median(shares):+.1%} of its CPU seconds (median)")
    typer.echo(f"without a load: {idle[1] - idle[0]:.2f} CPU s for the page in {seconds:g} s")


async def _spent(server: Server, seconds: float, *, watched: bool) -> float:
    async with _page(server.port) if watched else nullcontext():
        before = server.cpu_seconds()
        await asyncio.sleep(seconds)
        return server.cpu_seconds() - before


@asynccontextmanager
async def _page(port: int) -> AsyncIterator[None]:
    """Open the page, and leave it open; its first load is not counted."""
    found = shutil.which("chromium")
    if found is None:
        raise LoadError("chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=_FLAGS)
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{port}/console")
        await page.wait_for_load_state("networkidle")
        yield
        await browser.close()


if __name__ == "__main__":
    cli()
