"""Measures how fast Braid stores interactions, over HTTP and from files: `python -m benchmarks.ingestion`.

Exit codes: 0 done, 1 something went wrong, 2 wrong usage.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.load.errors import LoadError
from benchmarks.load.importing import measure_import, measure_recommend_during_import
from benchmarks.load.ingested import Ingested, to_markdown
from benchmarks.load.machine import describe_machine
from benchmarks.load.postgresql import cluster
from benchmarks.load.posts import measure_batches, measure_singles
from benchmarks.load.work import Work
from benchmarks.load.wrk import require_wrk

cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
_PARTS = ("singles", "batches", "import", "recommend")


@cli.command()
def ingestion(
    databases: Annotated[str, typer.Option(help="Which databases.")] = "sqlite,postgresql",
    parts: Annotated[str, typer.Option(help="What is measured.")] = ",".join(_PARTS),
    connections: Annotated[int, typer.Option(min=1, help="Connections of single posts.")] = 64,
    seconds: Annotated[int, typer.Option(min=1, help="Length of a run of single posts.")] = 5,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each kind; their median counts.")] = 3,
    batches: Annotated[int, typer.Option(min=1, help="Number of timed batches of 1,000.")] = 200,
    rows: Annotated[int, typer.Option(min=1000, help="Rows of the timed import.")] = 10_000_000,
    output: Annotated[
        Path, typer.Option(help="File for the tables; all figures are written next to it as .json.")
    ] = Path("var/ingestion.md"),
) -> None:
    """Measure single posts against a no-op, batches, an import, and recommendations during an import."""
    wanted = parts.split(",")
    if unknown := set(wanted) - set(_PARTS):
        raise typer.BadParameter(f"{unknown.pop()!r} is not one of {', '.join(_PARTS)}", param_hint="--parts")
    found: list[Ingested] = []
    try:
        require_wrk()
        for name in databases.split(","):
            done = Ingested(name)
            for part in wanted:
                with tempfile.TemporaryDirectory() as scratch, _work(name, Path(scratch)) as work:
                    folder = Path(scratch)
                    _say(f"{name}: {part}")
                    work.braid("migrate")
                    if part == "singles":
                        done.singles = measure_singles(
                            work, connections=connections, seconds=seconds, rounds=rounds, folder=folder, say=_say
                        )
                    elif part == "batches":
                        done.keyed = measure_batches(work, keyed=True, batches=batches, folder=folder, say=_say)
                        done.unkeyed = measure_batches(work, keyed=False, batches=batches, folder=folder, say=_say)
                    elif part == "import":
                        done.imports = [
                            measure_import(work, rows=count, keyed=keyed, folder=folder, say=_say)
                            for count, keyed in ((rows // 10, False), (rows, False), (rows // 10, True))
                        ]
                    else:
                        done.during = measure_recommend_during_import(
                            work, rows=max(rows // 5, 1000), folder=folder, rounds=rounds, say=_say
                        )
            found.append(done)
    except LoadError as error:
        typer.echo(f"ingestion: {error}", err=True)
        raise typer.Exit(1) from error
    machine = describe_machine()
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(to_markdown(found, machine), encoding="utf-8")
    everything = {"machine": machine, "found": [asdict(one) for one in found]}
    output.with_suffix(".json").write_text(json.dumps(everything, indent=2) + "\n", encoding="utf-8")
    typer.echo(to_markdown(found, machine))


@contextmanager
def _work(name: str, folder: Path) -> Iterator[Work]:
    if name == "sqlite":
        yield Work(folder / "braid.sqlite3", folder / "bundles")
    elif name == "postgresql":
        with cluster() as server:
            yield Work(folder / "none", folder / "bundles", server.create("braid"))
    else:
        raise typer.BadParameter(f"{name!r} is neither sqlite nor postgresql", param_hint="--databases")


def _say(text: str) -> None:
    typer.echo(text, err=True)


if __name__ == "__main__":
    cli()
