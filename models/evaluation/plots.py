"""Plots of an evaluation report as SVG, to stand inside a page; text and lines take the colour of the page."""

import io
import re
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from models.evaluation.report import BLEND, NETWORK, POPULARITY, EvaluationReport

_INK = "#010203"
"""Placeholder that is replaced by the text colour of the page when the SVG is written."""
_MAIN, _OTHER, _BASELINE = "#3478c6", "#8a8f98", "#d9762b"
"""Colours that are legible on white and on black."""
_STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.prop_cycle": f"cycler(color=['{_MAIN}'])",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "figure.constrained_layout.wspace": 0.06,
    "font.size": 10,
    "grid.alpha": 0.2,
    "grid.color": _INK,
    "legend.frameon": False,
    "legend.labelcolor": _INK,
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    # Labels stay text, so that they can be selected and read aloud in the page's font.
    "svg.fonttype": "none",
    "svg.hashsalt": "braid",
}


def plot_metrics(report: EvaluationReport) -> str:
    """Draw recall and NDCG of the blend, the parts and the baselines, with their intervals."""
    k = report.plain_k
    names = sorted(report.metrics, key=lambda name: report.metrics[name][f"ndcg@{k}"])

    def draw(figure: Figure) -> None:
        for axes, metric in zip(figure.subplots(1, 2, sharey=True), ("recall", "ndcg"), strict=True):
            for place, name in enumerate(names):
                value = report.metrics[name][f"{metric}@{k}"]
                low, high = report.intervals[name][f"{metric}@{k}"]
                axes.errorbar(value, place, xerr=_bar(value, low, high), color=_colour(name), fmt="o", capsize=3)
            axes.set_xlabel(f"{metric}@{k}")
            axes.set_xlim(left=0)
            axes.grid(axis="x")
        figure.axes[0].set_yticks(range(len(names)), names)

    return _svg("metrics", draw, height=0.9 + 0.34 * len(names))


def plot_curves(report: EvaluationReport) -> str:
    """Draw the loss of the network on its training and validation lists, by epoch."""

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for name, label, colour in (("loss", "train", _OTHER), ("val_loss", "validation", _MAIN)):
            values = report.curves[name]
            axes.plot(range(1, len(values) + 1), values, marker="o", markersize=4, color=colour, label=label)
        _label(axes, "epoch", "loss")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _legend(figure)

    return _svg("curves", draw)


def plot_trials(report: EvaluationReport) -> str:
    """Draw the validation NDCG@10 of each setting tried, and the best one so far."""
    reached = [float(trial["ndcg"]) for trial in report.trials]
    numbers = range(1, len(reached) + 1)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot(numbers, reached, "o", markersize=4, color=_OTHER, label="a setting")
        axes.step(numbers, list(accumulate(reached, max)), where="post", color=_MAIN, label="the best so far")
        _label(axes, "trial", "validation NDCG@10")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _legend(figure)

    return _svg("trials", draw)


def blend_shares(report: EvaluationReport) -> dict[str, float]:
    """Return the share of each part in the final score: the network's, and the neighbours' parts of the rest."""
    settings = report.settings["blend"]
    weights = {name: float(settings[name]) for name in report.metrics if name in settings}
    network = float(settings["network_weight"])
    total = sum(weights.values()) or 1.0
    return {name: (1 - network) * weight / total for name, weight in weights.items()} | {NETWORK: network}


def plot_blend(report: EvaluationReport) -> str:
    """Draw the share of each part in the final score."""
    shares = dict(sorted(blend_shares(report).items(), key=lambda pair: pair[1]))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        drawn = axes.barh(list(shares), list(shares.values()), color=_MAIN, height=0.6)
        axes.bar_label(drawn, fmt="%.2f", padding=4)
        axes.set_xlim(0, 1.1)
        axes.set_xlabel("share of the final score")

    return _svg("blend", draw, height=0.9 + 0.34 * len(shares))


def plot_calibration(report: EvaluationReport) -> str:
    """Draw the hit rate against the network's probability, on logarithmic axes; bins without a hit cannot be shown."""
    bins = [part for part in report.calibration if part["observed"] > 0]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        predicted, observed = [part["predicted"] for part in bins], [part["observed"] for part in bins]
        low = min([*predicted, *observed], default=0.001) / 1.5
        axes.plot([low, 1], [low, 1], "--", color=_OTHER, label="as predicted")
        axes.plot(predicted, observed, "o-", color=_MAIN, label="measured")
        axes.set_xscale("log")
        axes.set_yscale("log")
        _label(axes, "predicted probability", "observed hit rate")
        _legend(figure)

    return _svg("calibration", draw)


def plot_history_lengths(report: EvaluationReport) -> str:
    """Draw NDCG by the length of the history: of the blend, of the best part alone and of popularity."""
    segments = report.segments["history_length"]
    metric = f"ndcg@{report.plain_k}"
    names = report.compared
    width = 0.8 / len(names)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for number, name in enumerate(names):
            for place, segment in enumerate(segments.values()):
                value = segment["metrics"][name][metric]
                error = _bar(value, *segment["intervals"][name][metric])
                at = place + (number - (len(names) - 1) / 2) * width
                label = name if place == 0 else None
                axes.bar(at, value, width * 0.9, yerr=error, capsize=3, color=_colour(name), ecolor=_INK, label=label)
        ticks = [f"{length}\n({segment['users']:,} users)" for length, segment in segments.items()]
        axes.set_xticks(range(len(segments)), ticks)
        _label(axes, "items in the history", metric)
        _legend(figure)

    return _svg("history", draw)


def _colour(name: str) -> str:
    return {BLEND: _MAIN, POPULARITY: _BASELINE}.get(name, _OTHER)


def _bar(value: float, low: float, high: float) -> Sequence[Sequence[float]]:
    return [[max(value - low, 0.0)], [max(high - value, 0.0)]]


def _label(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True)


def _legend(figure: Figure) -> None:
    # Above the axes, where it covers no data.
    figure.legend(loc="outside upper left", ncols=3)


def _svg(name: str, draw: Callable[[Figure], None], *, height: float = 3.4) -> str:
    """Draw a figure and give its SVG element, which the element `<name>-caption` of the page describes."""
    written = io.StringIO()
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.2, height), layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure)
        figure.savefig(written, format="svg", transparent=True)
    text = written.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    # Several figures share a page, so ids must be unique.
    text = re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    text = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", text)
    return text.replace(_INK, "currentColor").replace("<svg ", f'<svg role="img" aria-labelledby="{name}-caption" ', 1)
