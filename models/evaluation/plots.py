"""Plots of an evaluation report as SVG, to stand inside a page."""

from collections.abc import Sequence
from itertools import accumulate

from models.evaluation.drawing import WIDTH, Drawing, Scale
from models.evaluation.headline import denominator, found_share
from models.evaluation.report import BLEND, NETWORK, POPULARITY, EvaluationReport

_RIGHT = WIDTH - 12
_ROW = 22.0
_TALL = 240.0
_LEFT = 44.0
_LONGEST = 15
"""Letters of a name that fit beside a plot."""


def plot_found(report: EvaluationReport) -> str:
    """Draw how many lists hold an item that was looked for: of the blend, the best part alone and popularity."""
    length, names = report.plain_k, report.compared
    shares = [found_share(report.metrics, name, length) for name in names]
    out_of = denominator(*shares)
    ends = [
        report.intervals[name].get(f"hit_rate@{length}", report.intervals[name][f"recall@{length}"]) for name in names
    ]
    top = _room([*shares, *(high for _, high in ends)]) * out_of
    drawing = Drawing(len(names) * 44 + 48)
    scale = Scale(0, top, 8, WIDTH - 44)
    bottom = len(names) * 44 + 8
    drawing.axis_below(scale, 8, bottom, f"of {out_of:,} lists")
    for place, (name, share, (low, high)) in enumerate(zip(names, shares, ends, strict=True)):
        y = 12 + place * 44
        says = f"{name}: {share * out_of:.1f} of {out_of:,}, interval {low * out_of:.1f} to {high * out_of:.1f}"
        drawing.text(8, y + 10, _shown(name))
        drawing.bar(8, y + 15, scale.at(share * out_of) - 8, 16, f"bar {_kind(name)}", says)
        drawing.interval(scale, y + 23, low * out_of, high * out_of, "ink")
        drawing.text(scale.at(high * out_of) + 7, y + 28, f"{share * out_of:.0f}", kind="value")
    return drawing.svg("found")


def plot_metrics(report: EvaluationReport) -> str:
    """Draw recall and NDCG of the blend, the parts and the baselines, with their intervals."""
    k = report.plain_k
    names = sorted(report.metrics, key=lambda name: -report.metrics[name][f"ndcg@{k}"])
    bottom = 14 + _ROW * len(names)
    drawing = Drawing(bottom + 40)
    for metric, left, right in (("recall", 112.0, 234.0), ("ndcg", 254.0, _RIGHT)):
        key = f"{metric}@{k}"
        scale = Scale(0, _room([report.intervals[name][key][1] for name in names]), left, right)
        drawing.axis_below(scale, 6, bottom, key, most=3)
        for place, name in enumerate(names):
            y = 18 + place * _ROW
            value, (low, high), kind = report.metrics[name][key], report.intervals[name][key], _kind(name)
            drawing.interval(scale, y, low, high, kind)
            drawing.mark(scale.at(value), y, kind, f"{name}: {key} {value:.4f}, {low:.4f} to {high:.4f}")
    for place, name in enumerate(names):
        drawing.text(
            104, 22 + place * _ROW, _shown(name), anchor="end", kind="label strong" if name == BLEND else "label"
        )
    return drawing.svg("metrics")


def plot_history_lengths(report: EvaluationReport) -> str:
    """Draw NDCG by the length of the history: of the blend, of the best part alone and of popularity."""
    segments, metric, names = report.segments["history_length"], f"ndcg@{report.plain_k}", report.compared
    highest = [one["intervals"][name][metric][1] for one in segments.values() for name in names]
    up = Scale(0, _room(highest), _TALL - 52, 48)
    drawing = Drawing(_TALL)
    drawing.legend(16, [(_kind(name), _shown(name)) for name in names])
    drawing.axis_left(up, _LEFT, _RIGHT, metric)
    width = (_RIGHT - _LEFT) / max(len(segments), 1)
    for place, (length, segment) in enumerate(segments.items()):
        middle = _LEFT + (place + 0.5) * width
        for number, name in enumerate(names):
            x = middle + (number - (len(names) - 1) / 2) * 18
            value, (low, high) = segment["metrics"][name][metric], segment["intervals"][name][metric]
            drawing.upright_interval(up, x, low, high, _kind(name))
            says = f"{name}, {length} items: {value:.4f}, {low:.4f} to {high:.4f}"
            drawing.mark(x, up.at(value), _kind(name), says)
        drawing.text(middle, _TALL - 36, length, anchor="middle", kind="tick")
        drawing.text(middle, _TALL - 22, f"{segment['users']:,} users", anchor="middle", kind="tick")
    drawing.line(_LEFT, up.start, _RIGHT, up.start, "axis")
    drawing.text((_LEFT + _RIGHT) / 2, _TALL - 5, "items in the history", anchor="middle")
    return drawing.svg("history")


def blend_shares(report: EvaluationReport) -> dict[str, float]:
    """Return the share of each part in the final score: the network's, and the neighbours' parts of the rest."""
    settings = report.settings["blend"]
    weights = {name: float(settings[name]) for name in report.metrics if name in settings}
    network = float(settings["network_weight"])
    total = sum(weights.values()) or 1.0
    return {name: (1 - network) * weight / total for name, weight in weights.items()} | {NETWORK: network}


def plot_blend(report: EvaluationReport) -> str:
    """Draw the share of each part in the final score."""
    shares = sorted(blend_shares(report).items(), key=lambda pair: -pair[1])
    bottom = 10 + _ROW * len(shares)
    drawing = Drawing(bottom + 40)
    scale = Scale(0, 1, 112, _RIGHT - 36)
    drawing.axis_below(scale, 6, bottom, "share of the final score")
    for place, (name, share) in enumerate(shares):
        y = 10 + place * _ROW
        drawing.text(104, y + 13, _shown(name), anchor="end")
        drawing.bar(scale.start, y + 3, scale.at(share) - scale.start, 14, "bar first", f"{name}: {share:.3f}")
        drawing.text(scale.at(share) + 6, y + 14, f"{share:.2f}", kind="tick")
    return drawing.svg("blend")


def plot_trials(report: EvaluationReport) -> str:
    """Draw the validation NDCG@10 of each setting tried, and the best one so far."""
    reached = [float(trial["ndcg"]) for trial in report.trials]
    best = list(accumulate(reached, max))
    across, up = _axes((1, max(len(reached), 2)), (min(reached, default=0.0), max(reached, default=1.0)))
    drawing = Drawing(_TALL)
    drawing.legend(16, [("third", "a setting"), ("first", "the best so far")])
    drawing.axis_left(up, _LEFT, _RIGHT, "validation NDCG@10")
    drawing.axis_below(across, 48, up.start, "trial")
    for number, value in enumerate(reached, 1):
        drawing.mark(across.at(number), up.at(value), "third", f"trial {number}: {value:.4f}")
    steps = [point for number, value in enumerate(best, 1) for point in _step(number, value, best)]
    drawing.path([(across.at(x), up.at(y)) for x, y in steps], "curve first")
    return drawing.svg("trials")


def plot_curves(report: EvaluationReport) -> str:
    """Draw the loss of the network on its training and validation lists, by epoch."""
    losses = [value for name in ("loss", "val_loss") for value in report.curves[name]]
    across, up = _axes((1, max(len(report.curves["loss"]), 2)), (min(losses), max(losses)))
    drawing = Drawing(_TALL)
    drawing.legend(16, [("third", "training lists"), ("first", "held-out lists")])
    drawing.axis_left(up, _LEFT, _RIGHT, "loss")
    drawing.axis_below(across, 48, up.start, "epoch")
    for name, label, kind in (("loss", "training", "third"), ("val_loss", "held out", "first")):
        points = [(across.at(epoch), up.at(value)) for epoch, value in enumerate(report.curves[name], 1)]
        drawing.path(points, f"curve {kind}")
        for epoch, ((x, y), value) in enumerate(zip(points, report.curves[name], strict=True), 1):
            drawing.mark(x, y, kind, f"epoch {epoch}, {label}: {value:.4f}")
    return drawing.svg("curves")


def plot_calibration(report: EvaluationReport) -> str:
    """Draw the hit rate against the network's probability, on logarithmic axes; bins without a hit cannot be shown."""
    bins = [part for part in report.calibration if part["observed"] > 0]
    pairs = [(float(part["predicted"]), float(part["observed"])) for part in bins]
    low = min([value for pair in pairs for value in pair], default=0.001) / 1.5
    across = Scale(low, 1, _LEFT, _RIGHT, logarithmic=True)
    up = Scale(low, 1, _TALL - 40, 48, logarithmic=True)
    drawing = Drawing(_TALL)
    drawing.legend(16, [("first", "measured")])
    drawing.text(100, 16, "dashed: as predicted")
    drawing.axis_left(up, _LEFT, _RIGHT, "observed hit rate")
    drawing.axis_below(across, 48, up.start, "predicted probability")
    drawing.path([(across.at(low), up.at(low)), (across.at(1), up.at(1))], "curve dashed")
    drawing.path([(across.at(x), up.at(y)) for x, y in pairs], "curve first")
    for x, y in pairs:
        drawing.mark(across.at(x), up.at(y), "first", f"predicted {x:.4f}, observed {y:.4f}")
    return drawing.svg("calibration")


def _kind(name: str) -> str:
    return "first" if name == BLEND else "second" if name == POPULARITY else "third"


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}\u2026"


def _room(values: Sequence[float]) -> float:
    """Return the end of an axis from 0 that leaves some room above the values."""
    return max(values, default=0.0) * 1.08 or 1.0


def _axes(across: tuple[float, float], up: tuple[float, float]) -> tuple[Scale, Scale]:
    low, high = up
    room = (high - low) * 0.08 or max(abs(high) * 0.1, 0.1)
    return (
        Scale(*across, _LEFT, _RIGHT - 8, whole=True),
        Scale(max(low - room, 0.0) if low >= 0 else low - room, high + room, _TALL - 40, 48),
    )


def _step(number: int, value: float, best: Sequence[float]) -> list[tuple[float, float]]:
    """Return the points of a stair: it goes on at its height until the next trial."""
    return [(number, value), (number + 1, value)] if number < len(best) else [(number, value)]
