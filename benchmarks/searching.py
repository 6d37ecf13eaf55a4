"""Measures search over HTTP: `python -m benchmarks.searching`.

Items with titles of frequent and rare words are generated; one worker answers queries of words drawn from the titles,
over one connection. Exit codes: 0 done, 1 something went wrong, 2 wrong usage.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import quote_plus

import numpy as np
import typer
from sqlalchemy import text

from app.config import Settings
from app.process.resources import Resources
from app.schemas.items import ItemIn
from app.services.catalogue.item_rows import to_row
from app.storage.migrations import upgrade
from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.load.postgresql import cluster
from benchmarks.load.server import serving
from benchmarks.load.work import Work
from models.data.schema import Schema

cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
_CONSONANTS, _VOWELS = list("bcdfghjklmnprstvwz"), list("aeiou")
_ENDS = ["", *_CONSONANTS]
_FEWEST_SYLLABLES, _MOST_SYLLABLES = 2, 4
_WORDS = 50_000
_PAGE = 5000
_SHORTEST, _LONGEST = 2, 5
"""Words of a title."""
_MOST_ASKED = 3


class Titles:
    """Titles of words whose frequencies follow Zipf's law: the n-th word is n times rarer than the first."""

    def __init__(self, items: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        words = self._words()
        shares = np.cumsum(1 / np.arange(1, len(words) + 1))
        lengths = self._rng.integers(_SHORTEST, _LONGEST + 1, size=items)
        drawn = np.searchsorted(shares, self._rng.random(int(lengths.sum())) * shares[-1])
        ends = np.cumsum(lengths)
        parts = np.split(drawn, ends[:-1])
        self.all = [" ".join(words[place] for place in part.tolist()) for part in parts]

    def queries(self, count: int) -> list[str]:
        """Draw one to three words of a title for each query, in any order."""
        chosen = self._rng.integers(len(self.all), size=count).tolist()
        sizes = self._rng.integers(1, _MOST_ASKED + 1, size=count).tolist()
        return [
            " ".join(self._rng.permutation(self.all[place].split())[:size].tolist())
            for place, size in zip(chosen, sizes, strict=True)
        ]

    def _words(self) -> list[str]:
        """Make words of two to four syllables, some of them the beginning of others."""
        found: dict[str, None] = {}
        while len(found) < _WORDS:
            count = int(self._rng.integers(_FEWEST_SYLLABLES, _MOST_SYLLABLES + 1))
            consonants = self._rng.choice(_CONSONANTS, size=count)
            vowels = self._rng.choice(_VOWELS, size=count)
            end = self._rng.choice(_ENDS)
            found["".join(map("".join, zip(consonants, vowels, strict=True))) + str(end)] = None
        return list(found)


@cli.command()
def measure(
    items: Annotated[int, typer.Option(min=10, help="Number of items.")] = 1_000_000,
    queries: Annotated[int, typer.Option(min=2, help="Number of timed queries.")] = 10_000,
    databases: Annotated[str, typer.Option(help="Which databases.")] = "sqlite,postgresql",
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Measure how long queries of one to three words take, before the first bundle."""
    titles = Titles(items, seed)
    asked = titles.queries(queries)
    typer.echo(f"{describe_machine()}; {items:,} items, {queries:,} queries, one worker, one connection")
    try:
        for name in databases.split(","):
            with tempfile.TemporaryDirectory(prefix="braid-search-") as scratch, _work(name, Path(scratch)) as work:
                began = time.perf_counter()
                asyncio.run(_fill(work, titles.all))
                typer.echo(f"{name}: stored in {time.perf_counter() - began:.0f} s")
                with serving(work, Path(scratch)) as server, Client(server.port) as client:
                    _ask(client, asked)
    except LoadError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


@contextmanager
def _work(name: str, folder: Path) -> Iterator[Work]:
    if name == "sqlite":
        yield Work(folder / "braid.sqlite3", folder / "bundles")
    elif name == "postgresql":
        with cluster() as server:
            yield Work(folder / "none", folder / "bundles", server.create("braid"))
    else:
        raise typer.BadParameter(f"{name!r} is neither sqlite nor postgresql", param_hint="--databases")


async def _fill(work: Work, titles: list[str]) -> None:
    settings = Settings(database_url=work.environment()["BRAID_DATABASE_URL"], bundles=str(work.bundles))
    async with Resources(settings) as resources:
        await upgrade(resources.database)
        schema = Schema()
        for start in range(0, len(titles), _PAGE):
            page = enumerate(titles[start : start + _PAGE], start)
            await resources.items.put_many([to_row(f"i{n}", ItemIn(title=title), schema) for n, title in page])
        async with resources.database.writing() as connection:
            await connection.execute(text("ANALYZE"))


def _ask(client: Client, queries: list[str]) -> None:
    """Ask one after the other, and print the percentiles of the times."""
    times, empty = [], 0
    for query in queries:
        path = f"/search?q={quote_plus(query)}"
        began = time.perf_counter()
        body = client.get(path)
        times.append(1000 * (time.perf_counter() - began))
        empty += not json.loads(body)["items"]
    cuts = statistics.quantiles(times, n=100)
    shown = f"p50 {cuts[49]:.1f} ms, p95 {cuts[94]:.1f} ms, p99 {cuts[98]:.1f} ms, longest {max(times):.0f} ms"
    typer.echo(f"  {shown}; {empty:,} lists empty")


if __name__ == "__main__":
    cli()
