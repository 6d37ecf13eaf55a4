"""Tables of an evaluation report, as text in rows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.evaluation.profile_rows import profile_rows
from models.evaluation.report import BLEND, MIX, NETWORK, EvaluationReport

_NOTHING = "-"


@dataclass(frozen=True)
class Table:
    """Rows of text with a header; the first cell of a row is its label."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


def metrics_tables(report: EvaluationReport) -> list[Table]:
    """List every metric of everything measured, one table for each length of list."""
    names = list(report.metrics[BLEND])
    tables = []
    for k in sorted({int(name.partition("@")[2]) for name in names}):
        columns = [name for name in names if name.endswith(f"@{k}")]
        rows = [(part, *(f"{values[name]:.4f}" for name in columns)) for part, values in report.metrics.items()]
        tables.append(Table(f"All metrics at {k}", ("", *columns), rows))
    return tables


def intervals_table(report: EvaluationReport) -> Table:
    """List recall and NDCG with their intervals."""
    names = [f"{metric}@{report.plain_k}" for metric in ("recall", "ndcg")]
    whole = {"metrics": report.metrics, "intervals": report.intervals}
    rows = [(part, *(with_interval(whole, part, name) for name in names)) for part in report.metrics]
    return Table("Means and 95 % intervals", ("", *names), rows)


def segments_table(report: EvaluationReport, segments: Iterable[tuple[str, Mapping[str, Any]]]) -> Table:
    """List recall and NDCG of named segments, the latter with intervals, and the number of users in each."""
    recall, ndcg = f"recall@{report.plain_k}", f"ndcg@{report.plain_k}"
    parts = report.compared
    rows = [
        (
            name,
            f"{segment['users']:,}",
            *(f"{segment['metrics'][part][recall]:.4f}" if part in segment["metrics"] else _NOTHING for part in parts),
            *(with_interval(segment, part, ndcg) for part in parts),
        )
        for name, segment in segments
    ]
    heads = [f"{part} {metric}" for metric in (recall, ndcg) for part in parts]
    return Table("Segments of the test users", ("", "users", *heads), rows)


def kinds_table(report: EvaluationReport) -> Table:
    """Compare the blend with its mix, its network and its best part on each kind of list."""
    rows = []
    for kind, measured in report.kinds.items():
        metrics, weight = measured["metrics"], measured["network_weight"]
        mean, low, high = measured["difference"]
        scored = [metrics[name]["ndcg@10"] if name in metrics else None for name in (BLEND, MIX, NETWORK)]
        rows.append(
            (
                kind,
                f"{measured['users']:,}",
                f"{weight:g}"
                if weight or NETWORK not in metrics
                else "0: not better than the mix on validation, not used",
                *(_NOTHING if score is None else f"{score:.4f}" for score in scored),
                f"{measured['best_part']} {metrics[measured['best_part']]['ndcg@10']:.4f}",
                f"{mean:+.4f} ({low:+.4f} to {high:+.4f})",
            )
        )
    head = ("", "users", "network's weight", BLEND, "the mix alone", "the network alone", "the best part", "difference")
    return Table("Kinds of lists: NDCG@10, and the blend's difference to its best part", head, rows)


def blend_table(shares: Mapping[str, float]) -> Table:
    """List the share of each part in the final score."""
    return Table(
        "Share of the final score", ("part", "share"), [(name, f"{share:.3f}") for name, share in shares.items()]
    )


def trials_table(report: EvaluationReport) -> Table:
    """List the settings tried, and what each reached on validation."""
    rows = [
        (str(number), _setting(trial["setting"]), f"{trial['ndcg']:.4f}")
        for number, trial in enumerate(report.trials, start=1)
    ]
    return Table("Settings tried", ("trial", "setting", "validation NDCG@10"), rows)


def curves_table(report: EvaluationReport) -> Table:
    """List the loss of the network by epoch."""
    losses = zip(report.curves["loss"], report.curves["val_loss"], strict=True)
    rows = [(str(epoch), f"{loss:.4f}", f"{held:.4f}") for epoch, (loss, held) in enumerate(losses, start=1)]
    return Table("Loss by epoch", ("epoch", "train", "validation"), rows)


def calibration_table(report: EvaluationReport) -> Table:
    """List the bins of the network's probabilities."""
    rows = [
        (
            f"{part['low']:g} to {part['high']:g}",
            f"{part['candidates']:,}",
            f"{part['predicted']:.4f}",
            f"{part['observed']:.4f}",
        )
        for part in report.calibration
    ]
    return Table("Probabilities and hits", ("probability", "candidates", "mean predicted", "observed"), rows)


def facts_tables(report: EvaluationReport) -> list[Table]:
    """List what profiles gave, what was left out, counts, settings and seconds."""
    profiles = profile_rows(report.profiles)
    return [
        *([Table("Profiles", ("", ""), profiles)] if profiles else []),
        *([Table("Left out", ("", "reason"), list(report.left_out.items()))] if report.left_out else []),
        Table("Counts", ("", "number"), _pairs(_flat(report.counts))),
        Table("Settings", ("setting", "value"), _pairs(_flat(report.settings))),
        Table("Time", ("phase", "seconds"), _pairs(report.seconds.items())),
    ]


def with_interval(measured: Mapping[str, Any], part: str, metric: str) -> str:
    """Write a mean with its interval; a dash where this part was not measured."""
    if part not in measured["metrics"]:
        return _NOTHING
    low, high = measured["intervals"][part][metric]
    return f"{measured['metrics'][part][metric]:.4f} ({low:.4f} to {high:.4f})"


def _setting(setting: Mapping[str, float | str]) -> str:
    written = (value if isinstance(value, str) else f"{value:g}" for value in setting.values())
    return ", ".join(f"{name} = {value}" for name, value in zip(setting, written, strict=True)) or "the start"


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _pairs(values: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    return [(name, f"{value:,}" if isinstance(value, int) else str(value)) for name, value in values]
