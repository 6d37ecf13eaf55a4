"""The report as a page: one HTML file without scripts, which loads nothing from the network."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jinja2

from models.evaluation import plots, tables
from models.evaluation.report import BLEND, EvaluationReport

PAGE_FILE = "report.html"
_TEMPLATE = "report.html.jinja"


@dataclass(frozen=True)
class Plot:
    """A figure with its caption and the same numbers as a table; the ids of its elements begin with `name`."""

    name: str
    title: str
    caption: str
    svg: str
    table: tables.Table


def render_page(report: EvaluationReport, subject: str) -> str:
    """Write the page.

    Parameters
    ----------
    subject
        What was evaluated: a folder's name, or a bundle's.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(_TEMPLATE).render(
        report=report,
        subject=subject,
        blend=BLEND,
        headline=[] if report.unmeasured else _headline(report),
        plots=[] if report.unmeasured else list(_plots(report)),
        measured=[] if report.unmeasured else _measured(report),
        facts=tables.facts_tables(report),
    )


def _headline(report: EvaluationReport) -> list[tuple[str, str]]:
    whole = {"metrics": report.metrics, "intervals": report.intervals}
    return [(name, tables.with_interval(whole, name, f"ndcg@{report.plain_k}")) for name in report.compared]


def _measured(report: EvaluationReport) -> list[tables.Table]:
    return [
        *tables.metrics_tables(report),
        tables.segments_table(report, report.named_segments()),
        *([tables.kinds_table(report)] if report.kinds else []),
    ]


def _plots(report: EvaluationReport) -> Iterator[Plot]:
    k = report.plain_k
    yield Plot(
        "metrics",
        "Against the parts and the baselines",
        f"Recall@{k} and NDCG@{k} of {BLEND} (the blend), of each part alone and of popularity, with 95 % intervals.",
        plots.plot_metrics(report),
        tables.intervals_table(report),
    )
    yield Plot(
        "history",
        "By length of the history",
        f"NDCG@{k} of {', '.join(report.compared)} by the number of items in the history, with 95 % intervals.",
        plots.plot_history_lengths(report),
        tables.segments_table(report, report.segments["history_length"].items()),
    )
    yield Plot(
        "blend",
        "The blend",
        "Share of each part in the final score, as validation chose it; a part that did not help has 0.",
        plots.plot_blend(report),
        tables.blend_table(plots.blend_shares(report)),
    )
    yield Plot(
        "trials",
        "Tuning",
        f"Validation NDCG@10 of the {len(report.trials)} settings tried, in their order, and the best so far.",
        plots.plot_trials(report),
        tables.trials_table(report),
    )
    if report.curves:
        yield Plot(
            "curves",
            "Learning curves of the network",
            "Loss by epoch on the training and the validation lists, for the first of the averaged networks.",
            plots.plot_curves(report),
            tables.curves_table(report),
        )
    if report.calibration:
        yield Plot(
            "calibration",
            "Calibration of the network",
            "Share of candidates that were hits, by the probability that the network predicted, for test users whose"
            " candidates hold a test item; of several test items each counts as a share of one hit. On the dashed line"
            " prediction and outcome agree.",
            plots.plot_calibration(report),
            tables.calibration_table(report),
        )
