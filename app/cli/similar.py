"""Prints how well similar items foretell what is liked next."""

from rich.console import Console
from rich.table import Table

from models.evaluation.similar_lists import SimilarReport


def print_similar(report: SimilarReport, console: Console) -> None:
    """Print a report on similar items: counts, a table of the methods, settings, time, and the lists asked for."""
    console.print("counts: " + ", ".join(f"{name} {value:,}" for name, value in report.counts.items()))
    names = list(next(iter(report.methods.values())))
    table = Table("method", box=None, padding=(0, 1, 0, 0))
    for name in (*names[:1], "95 % interval", *names[1:]):
        table.add_column(name, justify="right")
    for method, metrics in report.methods.items():
        low, high = report.intervals[method]
        first, *others = (f"{metrics[name]:.4f}" for name in names)
        table.add_row(method, first, f"{low:.4f} to {high:.4f}", *others)
    console.print("", table, "")
    console.print(f"settings: {report.settings}")
    console.print(f"seconds: {report.seconds:.1f}")
    for title, lists in report.examples.items():
        console.print(f"\n{title}", highlight=False)
        for method, items in lists.items():
            console.print(f"  {method}: {'; '.join(items) or 'none'}", highlight=False)
