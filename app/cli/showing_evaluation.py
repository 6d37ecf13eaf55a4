"""What an evaluation found, printed."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.table import Table

from app.cli.tables import table_of
from app.cli.texts import span
from models.evaluation.headline import headline, key_points
from models.evaluation.profile_rows import profile_rows
from models.evaluation.report import BLEND, POPULARITY, EvaluationReport
from models.evaluation.words import PROTOCOLS


def print_report(report: EvaluationReport, console: Console, *, verbose: bool = False) -> None:
    """Print an evaluation: what was found in sentences, then tables of metrics and segments."""
    console.print(headline(report.metrics, report.protocol, report.goal))
    for point in key_points(report):
        console.print(f"  {point}")
    console.print(f"\nprotocol: {report.protocol}: {PROTOCOLS.get(report.protocol, '')}")
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
    for line in not_used(report.left_out):
        console.print(line)
    for label, text in profile_rows(report.profiles):
        console.print(f"{label}: {text}")
    console.print(f"budget: {report.budget}")
    if verbose:
        console.print(f"settings: {report.settings}")
        console.print("seconds: " + ", ".join(f"{phase} {seconds:.1f}" for phase, seconds in report.seconds.items()))
    console.print(f"took {span(sum(report.seconds.values()))}, and {report.peak_memory_mb:,.0f} MB of memory at most")


def not_used(left_out: Mapping[str, str]) -> Iterator[str]:
    """Say which parts the lists do not use, and why, one line for each reason."""
    if left_out:
        yield "not used, which needs no action:"
    by_reason: dict[str, list[str]] = {}
    for part, reason in left_out.items():
        by_reason.setdefault(reason, []).append(part)
    for reason, parts in by_reason.items():
        yield f"  {', '.join(parts)}: {reason}"


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


def _numbers(counts: Mapping[str, object]) -> list[tuple[str, int]]:
    return [(name, value) for name, value in counts.items() if isinstance(value, int)]
