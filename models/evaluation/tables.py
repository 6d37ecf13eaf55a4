"""Tables of an evaluation report, as text in rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.evaluation.report import BLEND, MIX, NETWORK, SEGMENT_TITLES, EvaluationReport
from models.evaluation.words import KINDS, SEGMENTS, metric_meanings, part_meanings

_NOTHING = "-"
_INTERVALS = (
    "In brackets the 95 % interval: so far might the mean have moved with other users of the same kind. Two parts whose"
    " intervals do not overlap differ by more than chance."
)


@dataclass(frozen=True)
class Table:
    """Rows of text with a header; the first cell of a row is its label.

    `meaning` says in a sentence what the numbers are, `terms` what single rows or columns are. The columns from
    `words_from` on hold words, which are wrapped.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    meaning: str = ""
    terms: Sequence[tuple[str, str]] = ()
    words_from: int | None = None


def metrics_tables(report: EvaluationReport) -> list[Table]:
    """List every metric of everything measured, one table for each length of list."""
    names = list(report.metrics[BLEND])
    tables = []
    for k in sorted({int(name.partition("@")[2]) for name in names}):
        columns = [name for name in names if name.endswith(f"@{k}")]
        rows = [(part, *(f"{values[name]:.4f}" for name in columns)) for part, values in report.metrics.items()]
        meaning = f"Each row ranks the same requests by one part alone; {BLEND} is what is served. Lists of {k} items."
        tables.append(Table(f"All metrics at {k}", ("part", *columns), rows, meaning, metric_meanings(columns, k)))
    return tables


def intervals_table(report: EvaluationReport) -> Table:
    """List recall and NDCG with their intervals."""
    names = [f"{metric}@{report.plain_k}" for metric in ("recall", "ndcg")]
    whole = {"metrics": report.metrics, "intervals": report.intervals}
    rows = [(part, *(with_interval(whole, part, name) for name in names)) for part in report.metrics]
    terms = [*metric_meanings(names, report.plain_k), *part_meanings(list(report.metrics))]
    return Table("Means and 95 % intervals", ("part", *names), rows, _INTERVALS, terms)


def found_table(report: EvaluationReport) -> Table:
    """List how many lists hold an item that was looked for, with intervals."""
    k = report.plain_k
    metric = f"hit_rate@{k}" if f"hit_rate@{k}" in report.metrics[BLEND] else f"recall@{k}"
    whole = {"metrics": report.metrics, "intervals": report.intervals}
    rows = [(part, with_interval(whole, part, metric)) for part in report.compared]
    return Table("Share of the lists that hold one", ("part", metric), rows, _INTERVALS, metric_meanings([metric], k))


def segments_table(
    report: EvaluationReport,
    segments: Iterable[tuple[str, Mapping[str, Any]]],
    terms: Sequence[tuple[str, str]] = (),
) -> Table:
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
    meaning = f"The same figures for some of the users or items. A dash: not measured there. {_INTERVALS}"
    return Table("Segments of the test users", ("segment", "users", *heads), rows, meaning, terms)


def segment_meanings(report: EvaluationReport) -> list[tuple[str, str]]:
    """Say which users or items each segment of a report holds."""
    return [(SEGMENT_TITLES[name], words) for name, words in SEGMENTS.items() if name in report.segments]


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
    head = (
        "list",
        "users",
        "network's weight",
        BLEND,
        "the mix alone",
        "the network alone",
        "the best part",
        "difference",
    )
    meaning = (
        "NDCG@10 on each kind of list that a request can ask for. The difference is that of the blend to its best part,"
        " with a paired 99 % interval: below 0 in whole, the blend would be worse, and the bundle is not activated."
    )
    terms = [(kind, KINDS[kind]) for kind in report.kinds if kind in KINDS]
    return Table("Kinds of lists: NDCG@10, and the blend's difference to its best part", head, rows, meaning, terms)


def blend_table(shares: Mapping[str, float]) -> Table:
    """List the share of each part in the final score."""
    rows = [(name, f"{share:.3f}") for name, share in shares.items()]
    meaning = (
        "How much each part decides, of 1 in all. The scales of the parts are not quite equal: read it as a guide."
    )
    return Table("Share of the final score", ("part", "share"), rows, meaning, part_meanings(list(shares)))


def trials_table(report: EvaluationReport) -> Table:
    """List the settings tried, and what each reached on validation."""
    rows = [
        (str(number), _setting(trial["setting"]), f"{trial['ndcg']:.4f}")
        for number, trial in enumerate(report.trials, start=1)
    ]
    meaning = "Each setting that was tried, in order, and the NDCG@10 that it reached on validation, not on the test."
    return Table("Settings tried", ("trial", "setting", "validation NDCG@10"), rows, meaning)


def curves_table(report: EvaluationReport) -> Table:
    """List the loss of the network by epoch."""
    losses = zip(report.curves["loss"], report.curves["val_loss"], strict=True)
    rows = [(str(epoch), f"{loss:.4f}", f"{held:.4f}") for epoch, (loss, held) in enumerate(losses, start=1)]
    meaning = "How far the network's order is from the right one after each pass over its lists; lower is better."
    return Table("Loss by epoch", ("epoch", "train", "validation"), rows, meaning)


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
    meaning = (
        "Candidates by the probability that the network gave them: how many there were, what it predicted on average,"
        " and the share that was chosen."
    )
    return Table("Probabilities and hits", ("probability", "candidates", "mean predicted", "observed"), rows, meaning)


def with_interval(measured: Mapping[str, Any], part: str, metric: str) -> str:
    """Write a mean with its interval; a dash where this part was not measured."""
    if part not in measured["metrics"]:
        return _NOTHING
    low, high = measured["intervals"][part][metric]
    return f"{measured['metrics'][part][metric]:.4f} ({low:.4f} to {high:.4f})"


def _setting(setting: Mapping[str, float | str]) -> str:
    written = (value if isinstance(value, str) else f"{value:g}" for value in setting.values())
    return ", ".join(f"{name} = {value}" for name, value in zip(setting, written, strict=True)) or "the start"
