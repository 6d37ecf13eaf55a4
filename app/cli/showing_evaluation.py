"""What an evaluation found, printed."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from app.cli.tables import table_of
from models.evaluation.profile_rows import profile_rows
from models.evaluation.report import BLEND, POPULARITY, EvaluationReport


def print_report(report: EvaluationReport, console: Console) -> None:
    """Print an evaluation: counts, a table of metrics, segments, settings, time and memory."""
    console.print(f"protocol: {report.protocol}")
    console.print(f"goal: {report.goal or 'all interactions'}")
    console.print("counts: " + ", ".join(f"{name} {value:,}" for name, value in _numbers(report.counts)))
    for reason, count in report.counts["rows_dropped"].items():
        console.print(f"  {count:,} rows dropped: {reason}")
    names = [name.partition("@") for name in next(iter(report.metrics.values()))]
    for k in sorted({int(k) for _, _, k in names}):
        metrics = [metric for metric, _, other in names if int(other) == k]
        table = table_of(f"@{k}", *metrics)
        for part, values in report.metrics.items():
            table.add_row(part, *(f"{values[f'{metric}@{k}']:.4f}" for metric in metrics))
        console.print("", table)
    console.print("", _segments(report), "")
    console.print(f"settings: {report.settings}")
    for part, reason in report.left_out.items():
        console.print(f"left out: {part}: {reason}")
    for label, text in profile_rows(report.profiles):
        console.print(f"{label}: {text}")
    console.print(f"budget: {report.budget}")
    console.print("seconds: " + ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in report.seconds.items()))
    console.print(f"peak memory: {report.peak_memory_mb:,.0f} MB")


def _segments(report: EvaluationReport) -> Table:
    """Compare the blend with popularity in each segment."""
    columns = [
        (part, f"{metric}@{report.plain_k}") for metric in ("recall", "ndcg") for part in (BLEND, POPULARITY)
    ]  # fmt: skip
    table = table_of("segment", "users", *(f"{part}\n{metric}" for part, metric in columns))
    for name, segment in report.named_segments():
        values = (f"{segment['metrics'][part][metric]:.4f}" for part, metric in columns)
        table.add_row(name, f"{segment['users']:,}", *values)
    return table


def _numbers(counts: dict[str, object]) -> Sequence[tuple[str, int]]:
    return [(name, value) for name, value in counts.items() if isinstance(value, int)]
