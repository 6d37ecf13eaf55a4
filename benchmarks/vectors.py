"""Measures similar items by vectors over HTTP: `python -m benchmarks.vectors`.

Clustered vectors and a small log are generated; one worker answers before the first bundle and with one. Exit codes:
0 done, 1 something went wrong, 2 wrong usage.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import typer

from app.config import Settings
from app.process import transfer_factory
from app.process.resources import Resources
from app.schemas.items import ItemIn
from app.services.catalogue.item_rows import to_row
from app.storage.migrations import upgrade
from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.load.server import Server, serving
from benchmarks.load.work import Work
from models.arrays.types import Float32
from models.data.file_chunks import in_memory
from models.data.folder import DataSet
from models.data.progress import silent
from models.data.schema import Attribute, Schema
from models.similarity.vector_index import unit

cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
_NAME = "embedding"
_CLUSTER = 50
_NOISE = 0.8
_PAGE = 2000
_USERS, _ITEMS_A_USER = 2000, 10
_DEPTH = 10


class Vectors:
    """Clustered vectors: a centre and noise of almost its length, so that neighbours are not told apart easily."""

    def __init__(self, items: int, numbers: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._centres = self._rng.standard_normal((max(items // _CLUSTER, 1), numbers), dtype=np.float32)
        self.clusters = self._rng.integers(len(self._centres), size=items)
        self.rows = self.near(self.clusters)

    def near(self, clusters: Any) -> Float32:
        """Draw a vector in each of some clusters."""
        noise = self._rng.standard_normal((len(clusters), self._centres.shape[1]), dtype=np.float32)
        return unit(self._centres[clusters] + np.float32(_NOISE) * noise)

    def log(self) -> pa.Table:
        """Draw a log in which each user looks at items of one cluster."""
        order = np.argsort(self.clusters, kind="stable")
        start = self._rng.integers(max(len(order) - _ITEMS_A_USER, 1), size=_USERS)
        items = order[(start[:, None] + np.arange(_ITEMS_A_USER)) % len(order)].ravel()
        return pa.table(
            {
                "user_id": [f"u{n // _ITEMS_A_USER}" for n in range(len(items))],
                "item_id": [f"i{n}" for n in items.tolist()],
                "event_type": ["view"] * len(items),
                "timestamp": 1.7e9 + 60.0 * np.arange(len(items)),
            }
        )


@cli.command()
def measure(
    items: Annotated[int, typer.Option(min=100, help="Number of items.")] = 100_000,
    numbers: Annotated[int, typer.Option(min=2, max=4096, help="Numbers of a vector.")] = 384,
    requests: Annotated[int, typer.Option(min=10, help="Timed requests of each kind.")] = 1000,
    new: Annotated[int, typer.Option(min=2, help="Items that are put and asked about at once.")] = 100,
    budget: Annotated[float, typer.Option(min=0, help="Processor time for choosing settings, in seconds.")] = 30,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Measure known and new items before the first bundle and with one, and the recall of the approximate search."""
    typer.echo(f"{describe_machine()}; {items:,} items of {numbers} numbers, one worker, one connection")
    vectors = Vectors(items, numbers, seed)
    try:
        with tempfile.TemporaryDirectory(prefix="braid-vectors-") as name:
            folder = Path(name)
            work = Work(folder / "braid.sqlite3", folder / "bundles")
            began = time.perf_counter()
            asyncio.run(_fill(work, vectors))
            typer.echo(f"stored in {time.perf_counter() - began:.0f} s")
            with serving(work, folder) as server:
                # The first answer waits until all descriptions are compared.
                with Client(server.port) as client:
                    client.get("/items/i0/similar")
                typer.echo(f"without a bundle: ready in {server.started_in:.1f} s")
                _ask(server, vectors, requests=requests, new=new, first="first", seed=seed)
            began = time.perf_counter()
            work.braid("train", "--budget", str(budget), "--force")
            typer.echo(f"trained in {time.perf_counter() - began:.0f} s")
            with serving(work, folder) as server:
                typer.echo(f"with a bundle: ready in {server.started_in:.1f} s")
                _ask(server, vectors, requests=requests, new=new, first="second", seed=seed + 1)
    except LoadError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


async def _fill(work: Work, vectors: Vectors) -> None:
    settings = Settings(database_url=work.environment()["BRAID_DATABASE_URL"], bundles=str(work.bundles))
    async with Resources(settings) as resources:
        await upgrade(resources.database)
        schema = Schema(items={_NAME: Attribute(type="vector", length=vectors.rows.shape[1])})
        await resources.schema.put(schema)
        for start in range(0, len(vectors.rows), _PAGE):
            page = vectors.rows[start : start + _PAGE]
            rows = [
                to_row(f"i{start + place}", ItemIn(attributes={_NAME: row.tolist()}), schema)
                for place, row in enumerate(page)
            ]
            await resources.items.put_many(rows)
        await transfer_factory.importing(resources).run(in_memory(DataSet(vectors.log())), progress=silent)


def _ask(server: Server, vectors: Vectors, *, requests: int, new: int, first: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = rng.integers(len(vectors.rows), size=requests).tolist()
    for method in ("vectors", "content", "blend"):
        paths = (f"/items/i{item}/similar?method={method}&limit={_DEPTH}" for item in known)
        lists = _timed(server, f"known items, {method}", Client.get, paths)
        if method == "vectors":
            pairs = [(vectors.rows[item], item, body) for item, body in zip(known, lists, strict=True)]
            typer.echo(f"  recall@{_DEPTH} of exact search: {_recall(vectors.rows, pairs):.4f}")
    clusters = rng.integers(int(vectors.clusters.max()) + 1, size=new)
    rows = vectors.near(clusters)
    puts = ((f"/items/{first}-{n}", {"attributes": {_NAME: row.tolist()}}) for n, row in enumerate(rows))
    _timed(server, "put a new item", lambda client, given: client.put(*given), puts)
    for method in ("vectors", "blend"):
        paths = (f"/items/{first}-{n}/similar?method={method}&limit={_DEPTH}" for n in range(new))
        lists = _timed(server, f"new items, {method}", Client.get, paths)
        if method == "vectors":
            pairs = [(row, -1, body) for row, body in zip(rows, lists, strict=True)]
            typer.echo(f"  recall@{_DEPTH} of exact search among the others: {_recall(vectors.rows, pairs):.4f}")


def _timed(server: Server, what: str, ask: Callable[[Client, Any], Any], given: Iterator[Any]) -> list[Any]:
    """Ask one after the other, print the percentiles of the times, and return the answers."""
    answers, times, spent = [], [], server.cpu_seconds()
    # A connection of its own: the server closes one that is idle while recall is computed.
    with Client(server.port) as client:
        for one in given:
            began = time.perf_counter()
            answers.append(ask(client, one))
            times.append(1000 * (time.perf_counter() - began))
    cuts = statistics.quantiles(times, n=100)
    each = 1000 * (server.cpu_seconds() - spent) / len(times)
    typer.echo(
        f"  {what}: p50 {cuts[49]:.2f} ms, p99 {cuts[98]:.2f} ms, of {len(times):,};"
        f" the server's processor time {each:.2f} ms each"
    )
    return answers


def _recall(rows: Float32, asked: list[tuple[Float32, int, bytes]]) -> float:
    """Return how many of the nearest items are in the lists, on average; new items in a list are passed over."""
    found = []
    for vector, itself, body in asked:
        cosines = rows @ vector
        if itself >= 0:
            cosines[itself] = -1.0
        best = {f"i{item}" for item in np.argpartition(-cosines, _DEPTH)[:_DEPTH].tolist()}
        listed = [one["item_id"] for one in json.loads(body)["items"]]
        known = [item for item in listed if item.startswith("i")]
        found.append(len(best.intersection(known)) / min(len(best), _DEPTH - len(listed) + len(known)))
    return statistics.fmean(found)


if __name__ == "__main__":
    cli()
