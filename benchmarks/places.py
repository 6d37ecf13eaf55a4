"""Measures the lists of a shop's places over HTTP: `python -m benchmarks.places FOLDER`.

Fields beside items, similar items for a user with a filter, scenarios and pages of rows, each beside the plain
recommendation of the same run, by processor time of the server. Exit codes: 0 done, 1 something went wrong, 2 wrong
usage.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError
from benchmarks.load.machine import describe_machine
from benchmarks.load.server import Server, serving
from benchmarks.load.work import Work
from models.data.folder_reader import read_folder

cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
_ROUNDS = 5
_FIVE = [
    {"scenario": "home"},
    {"scenario": "trending"},
    {"scenario": "popular"},
    {"each": "category", "rows": 2},
]
_PLAIN, _SINGLE = "GET /recommend", "GET /scenarios/home/recommend"
_PAGE = "POST /pages/recommend, five rows"
_LEAST = 10
Ask = Callable[[Client, str, str], Any]


@cli.command()
def places(
    folder: Annotated[Path, typer.Argument(help="A data-set folder with items.")],
    users: Annotated[int, typer.Option(min=20, help="Users who are asked about in each round.")] = 400,
    budget: Annotated[float, typer.Option(min=0, help="Processor time for choosing settings, in seconds.")] = 20,
) -> None:
    """Train on a folder, serve it with one worker, and compare what each kind of request costs."""
    typer.echo(f"{describe_machine()}; one worker, one connection, {users:,} users, medians of {_ROUNDS} rounds")
    table = read_folder(folder).interactions
    names = table["user_id"].unique().to_pylist()[:users]
    items = table["item_id"].unique().to_pylist()[: len(names)]
    try:
        with tempfile.TemporaryDirectory(prefix="braid-places-") as name:
            work = Work(Path(name) / "braid.sqlite3", Path(name) / "bundles")
            work.braid("migrate")
            work.braid("import", str(folder.resolve()), "--timestamps", "seconds")
            work.braid("train", "--budget", str(budget), "--force")
            with serving(work, Path(name)) as server:
                _compare(server, names, items)
    except LoadError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _kinds(limit: int) -> dict[str, Ask]:
    """Return the kinds of requests by name; with another limit no answer is one that was kept."""
    path, body = f"limit={limit}&exclude_seen=false", {"limit": limit}

    def filtered(user: str) -> dict[str, Any]:
        return {**body, "user_id": user, "filter": {"not": {"field": "item_id", "eq": user}}}

    return {
        _PLAIN: lambda client, user, _: client.get(f"/recommend/{user}?{path}"),
        "the same with include=title,price": lambda client, user, _: client.get(
            f"/recommend/{user}?{path}&include=title,price"
        ),
        "POST /recommend, with a filter": lambda client, user, _: client.post("/recommend", filtered(user)),
        "POST similar items, user and filter": lambda client, user, item: client.post(
            f"/items/{item}/similar", filtered(user)
        ),
        _SINGLE: lambda client, user, _: client.get(f"/scenarios/home/recommend?user_id={user}&limit={limit}"),
        _PAGE: lambda client, user, _: client.post("/pages/recommend", {"user_id": user, "rows": _FIVE}),
    }


def _compare(server: Server, users: list[str], items: list[str]) -> None:
    kinds = _kinds(0)
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    waited: dict[str, list[float]] = {kind: [] for kind in kinds}
    for number in range(_ROUNDS + 1):
        for kind, ask in _kinds(_LEAST + number).items():
            with Client(server.port) as client:
                before, began = server.cpu_seconds(), time.perf_counter()
                for user, item in zip(users, items, strict=True):
                    ask(client, user, item)
                # The first round warms up: histories and fields are read from SQL.
                if number:
                    spent[kind].append(1e3 * (server.cpu_seconds() - before) / len(users))
                    waited[kind].append(1e3 * (time.perf_counter() - began) / len(users))
    first = statistics.median(spent[_PLAIN])
    for kind in kinds:
        own = statistics.median(spent[kind])
        typer.echo(
            f"  {kind}: {own:.3f} ms of processor time, {statistics.median(waited[kind]):.3f} ms to the client;"
            f" {100 * first / own:.0f} % of the rate of GET /recommend"
        )
    rows, single = statistics.median(spent[_PAGE]), statistics.median(spent[_SINGLE])
    typer.echo(f"  five rows cost {rows / single:.2f} single calls of a scenario, {rows / first:.2f} of GET /recommend")


if __name__ == "__main__":
    cli()
