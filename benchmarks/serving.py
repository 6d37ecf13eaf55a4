"""Measures how fast Braid serves, over HTTP: `python -m benchmarks.serving FOLDER`.

Exit codes: 0 done, 1 something went wrong, 2 wrong usage.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.load.errors import LoadError
from benchmarks.load.history import measure_history
from benchmarks.load.machine import cores_for, describe_machine
from benchmarks.load.page import Found, to_json, to_markdown
from benchmarks.load.probe import probe
from benchmarks.load.questions import chosen
from benchmarks.load.rounds import UNCACHED, Options, run_rounds
from benchmarks.load.server import start_up
from benchmarks.load.sizes import measure_size
from benchmarks.load.work import Work, prepare
from benchmarks.load.wrk import require_wrk

ROOT = Path("var/serving")
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def serving(
    dataset: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="A data-set folder; needed once for each working directory."),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(help=f"Holds braid.sqlite3 and bundles/, made if missing and kept; {ROOT}/NAME by default."),
    ] = None,
    timestamps: Annotated[str, typer.Option(help="As for `braid import`: seconds or order.")] = "seconds",
    budget: Annotated[
        float | None, typer.Option(min=0, help="Seconds for training's choice of settings; 60 for --catalogue.")
    ] = None,
    workers: Annotated[str, typer.Option(help="Numbers of worker processes.")] = "1,2",
    connections: Annotated[str, typer.Option(help="Numbers of connections.")] = "1,16,64",
    seconds: Annotated[int, typer.Option(min=1, help="Length of a run.")] = 5,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each kind; their median counts.")] = 3,
    start_ups: Annotated[int, typer.Option(min=0, help="Number of timed starts.")] = 5,
    users: Annotated[int, typer.Option(min=1, help="Maximum number of users in the requests.")] = 10_000,
    pin: Annotated[
        bool, typer.Option(help="Pin one worker and wrk to a core each; several workers are never pinned.")
    ] = True,
    history: Annotated[
        bool, typer.Option("--history", help="Measure histories of 10 and 1,000 items instead.")
    ] = False,
    catalogue: Annotated[
        str, typer.Option(help="Measure catalogues with these numbers of generated items instead.")
    ] = "",
    output: Annotated[
        Path, typer.Option(help="File for the tables; all figures are written next to it as .json.")
    ] = Path("var/serving.md"),
) -> None:
    """Measure requests per second and latency at several numbers of connections, memory, and the time to start."""
    options = Options(seconds, rounds, _numbers(connections, "--connections"), users, pin)
    sizes = _numbers(catalogue, "--catalogue") if catalogue else ()
    if dataset is None and work is None and not sizes:
        raise typer.BadParameter("name a data-set folder, or a working directory with --work", param_hint="FOLDER")
    try:
        require_wrk()
        found = Found(_name(dataset, work, sizes), describe_machine(), options)
        with tempfile.TemporaryDirectory(prefix="braid-serving-") as name:
            folder = Path(name)
            if sizes:
                root, spent = work or ROOT, 60.0 if budget is None else budget
                found.sizes = [measure_size(size, root, options, folder, budget=spent, say=_say) for size in sizes]
            else:
                home = work or ROOT / _name(dataset, work, sizes)
                made = prepare(home, dataset, timestamps=timestamps, budget=budget, say=_say)
                if history:
                    found.history = measure_history(made, options, folder, _say)
                else:
                    _serve(found, made, _numbers(workers, "--workers"), start_ups, folder)
    except LoadError as error:
        typer.echo(f"serving: {error}", err=True)
        raise typer.Exit(1) from error
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(to_markdown(found), encoding="utf-8")
    output.with_suffix(".json").write_text(to_json(found), encoding="utf-8")
    typer.echo(to_markdown(found))
    _say(f"written to {output} and {output.with_suffix('.json')}")


def _serve(found: Found, work: Work, workers: tuple[int, ...], start_ups: int, folder: Path) -> None:
    options = found.options
    users = chosen(work.users(), options.users)
    answer, found.check = probe(work, users, options, folder)
    if start_ups:
        found.start_up = start_up(work, folder, times=start_ups, core=cores_for(1, pin=options.pin).server)
    for count in workers:
        done = run_rounds(work, {UNCACHED: users}, options, workers=count, answer=answer, folder=folder, say=_say)
        found.serving.append(done)


def _name(dataset: Path | None, work: Path | None, sizes: tuple[int, ...]) -> str:
    if sizes:
        return "generated catalogues"
    return (dataset or work or ROOT).resolve().name


def _numbers(text: str, option: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(word) for word in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a list of numbers", param_hint=option) from error
    if min(numbers) < 1:
        raise typer.BadParameter("must be at least 1", param_hint=option)
    return numbers


def _say(text: str) -> None:
    typer.echo(text, err=True)


if __name__ == "__main__":
    cli()
