"""`braid evaluate --similar`: how well similar items foretell what is liked next."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from app.cli.output import console_for
from app.cli.progress import progress_bars
from app.cli.running import console
from models.data.folder import DataSet
from models.evaluation.similar_lists import SimilarReport


def require_alone(similar: bool, others: Mapping[str, object], show: Sequence[str] | None) -> None:
    """Refuse options that mean nothing for similar items, or nothing without them.

    Raises
    ------
    typer.BadParameter
        One of them was given.
    """
    for name, value in others.items() if similar else ():
        if value:
            raise typer.BadParameter("cannot be combined with --similar", param_hint=name)
    if show and not similar:
        raise typer.BadParameter("needs --similar", param_hint="--show")


def measure_similar(
    training: ModuleType, dataset: DataSet, config: Any, show: Sequence[str], output: Path | None, *, as_json: bool
) -> None:
    """Measure similar items, print the report and write it as JSON.

    Parameters
    ----------
    training
        The trainer's module, which takes seconds to import.
    config
        Its options of an evaluation.
    show
        Titles or ids of items whose lists are printed.
    """
    with progress_bars() as progress:
        report: SimilarReport = training.evaluate_similar(dataset, config, examples=show, progress=progress)
    if as_json:
        typer.echo(report.to_json())
    else:
        _print(report, console)
    if output is not None:
        output.write_text(report.to_json() + "\n", encoding="utf-8")
        console_for(as_json).print(f"written to {output}")


def _print(report: SimilarReport, console: Console) -> None:
    """Print counts, methods, settings, time, and the lists asked for."""
    console.print("counts: " + ", ".join(f"{name} {value:,}" for name, value in report.counts.items()))
    names = list(next(iter(report.methods.values())))
    table = Table("method", box=None, padding=(0, 1, 0, 0))
    for name in (names[0], "95 % interval", *names[1:]):
        table.add_column(name.replace("_", "\n"), justify="right")
    for method, metrics in report.methods.items():
        low, high = report.intervals[method]
        first, *others = (f"{metrics[name]:.4f}" for name in names)
        table.add_row(method, first, f"{low:.4f} to {high:.4f}", *others)
    console.print("", table, "")
    console.print(f"settings: {report.settings}")
    console.print(f"seconds: {report.seconds:.1f}")
    for title, lists in report.examples.items():
        console.print(f"\n{title}", highlight=False, markup=False)
        for method, items in lists.items():
            console.print(f"  {method}: {'; '.join(items) or 'none'}", highlight=False, markup=False)
