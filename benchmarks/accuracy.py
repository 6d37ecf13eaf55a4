"""Compares the accuracy of Braid and other recommenders: `python -m benchmarks.accuracy FOLDER...`.

Exit codes: 0 done, 2 wrong usage or unusable data.
"""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.evaluation_options import parse_ks, parse_protocol
from app.cli.progress import progress_bars
from benchmarks.comparison import BRAID, NAMES, Comparison, Options, compare
from benchmarks.table import to_json, to_markdown
from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.folder_reader import read_folder
from models.data.sample import MOVIELENS_TERMS, is_cached, movielens

SAMPLE = "movielens"
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def accuracy(
    folders: Annotated[list[str], typer.Argument(help=f"Data-set folders; `{SAMPLE}` is Braid's own sample.")],
    protocol: Annotated[
        str | None,
        typer.Option(help="fixed, leave-last-out, temporal, timeline or random; by default what the files allow."),
    ] = None,
    test_days: Annotated[float | None, typer.Option(min=0, help="Length of the temporal test.")] = None,
    include_seen: Annotated[bool, typer.Option(help="Allow recommendations of items in the history.")] = False,
    k: Annotated[str, typer.Option(help="Lengths of the lists that are measured.")] = "5,10,20",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split, of every draw and of ties.")] = 0,
    budget: Annotated[
        float | None,
        typer.Option(
            min=0,
            help="Seconds for Braid's choice of settings; the other systems get the seconds of its training.",
        ),
    ] = None,
    only: Annotated[str | None, typer.Option(help="Names of the systems to measure, separated by commas.")] = None,
    output: Annotated[Path, typer.Option(help="Write everything to this JSON file.")] = Path("var/accuracy.json"),
) -> None:
    """Compare Braid with other recommenders: the same split, budget and metrics."""
    options = Options(
        protocol=parse_protocol(protocol),
        test_days=test_days,
        include_seen=include_seen,
        ks=parse_ks(k),
        seed=seed,
        budget=budget,
        only=_parse_only(only, budget),
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    done: list[Comparison] = []
    try:
        for folder in folders:
            dataset = _read(folder)
            with progress_bars() as progress:
                name = Path(folder).name
                found = compare(
                    name,
                    dataset,
                    options,
                    progress=progress,
                    # Written after each system, so that hours of work are not lost when a later one fails.
                    on_result=lambda so_far: _write(output, [*done, so_far], options),
                )
            done.append(found)
            typer.echo(to_markdown(found, options))
    except DataSetError as error:
        typer.echo(f"accuracy: {error}", err=True)
        raise typer.Exit(2) from error
    typer.echo(f"written to {output}", err=True)


def _parse_only(names: str | None, budget: float | None) -> tuple[str, ...]:
    wanted = NAMES if names is None else tuple(name.strip() for name in names.split(","))
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: the names are {', '.join(NAMES)}", param_hint="--only")
    if BRAID not in wanted and budget is None:
        raise typer.BadParameter(f"without {BRAID} the others need a --budget", param_hint="--only")
    return wanted


def _read(folder: str) -> DataSet:
    if folder != SAMPLE:
        return read_folder(Path(folder))
    if not is_cached():
        typer.echo(MOVIELENS_TERMS, err=True)
    return movielens()


def _write(output: Path, comparisons: list[Comparison], options: Options) -> None:
    output.write_text(to_json(comparisons, options), encoding="utf-8")


if __name__ == "__main__":
    cli()
