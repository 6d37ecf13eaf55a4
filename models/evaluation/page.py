"""The report as a page: one HTML file without scripts, which loads nothing from the network."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jinja2

from models.evaluation import plots, tables
from models.evaluation.facts import facts_tables
from models.evaluation.headline import headline, key_points, network_share
from models.evaluation.report import BLEND, EvaluationReport
from models.evaluation.words import PROTOCOLS

_TEMPLATE = "report.html.jinja"
_STYLE = Path(__file__).with_name("report.css")
_UNMEASURED = "Braid could not measure how good its lists are."


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
    measured = not report.unmeasured
    return environment.get_template(_TEMPLATE).render(
        report=report,
        subject=subject,
        blend=BLEND,
        style=_STYLE.read_text(encoding="utf-8"),
        headline=headline(report.metrics, report.protocol, report.goal) if measured else _UNMEASURED,
        points=[*key_points(report), network_share(report.settings)] if measured else [],
        protocol=PROTOCOLS.get(report.protocol, ""),
        plots=list(_plots(report)) if measured else [],
        measured=_measured(report) if measured else [],
        facts=facts_tables(report),
    )


def _measured(report: EvaluationReport) -> list[tables.Table]:
    return [
        tables.segments_table(report, report.named_segments(), tables.segment_meanings(report)),
        *([tables.kinds_table(report)] if report.kinds else []),
        *tables.metrics_tables(report),
    ]


def _plots(report: EvaluationReport) -> Iterator[Plot]:
    k = report.plain_k
    yield Plot(
        "found",
        "How often a list holds what was chosen",
        f"Lists of {k} items that hold an item that was looked for: of {BLEND}, which is served, of its best part"
        " alone, and of what is popular. The lines are 95 % intervals: so far chance might have moved the figure.",
        plots.plot_found(report),
        tables.found_table(report),
    )
    yield Plot(
        "metrics",
        "Against each part alone",
        f"Recall@{k}, the share of the items looked for that a list holds, and NDCG@{k}, which counts an item more the"
        f" higher it stands, with 95 % intervals. A part above {BLEND} by more than the intervals means that validation"
        " differs from the test.",
        plots.plot_metrics(report),
        tables.intervals_table(report),
    )
    yield Plot(
        "history",
        "By length of the history",
        f"NDCG@{k} of {', '.join(report.compared)} for users with so many items in their history, with 95 % intervals."
        " Where short histories do no better than popularity, more early signals help, such as views.",
        plots.plot_history_lengths(report),
        tables.segments_table(report, report.segments["history_length"].items()),
    )
    yield Plot(
        "blend",
        "What the lists are made of",
        "Share of each part in the final score, as validation chose it. A part that did not help has 0.",
        plots.plot_blend(report),
        tables.blend_table(plots.blend_shares(report)),
    )
    yield from _of_training(report)


def _of_training(report: EvaluationReport) -> Iterator[Plot]:
    """Show how the settings and the network were learned."""
    yield Plot(
        "trials",
        "Search for settings",
        f"NDCG@10 on validation of the {len(report.trials)} settings tried, in their order, and of the best so far. A"
        " line that still rises at the end asks for a larger budget.",
        plots.plot_trials(report),
        tables.trials_table(report),
    )
    if report.curves:
        yield Plot(
            "curves",
            "How the network learned",
            "Loss after each epoch, on the lists that it learned from and on lists held out, for the first of the"
            " averaged networks. Lower is better; a growing gap is overfitting, and the best epoch is kept.",
            plots.plot_curves(report),
            tables.curves_table(report),
        )
    if report.calibration:
        yield Plot(
            "calibration",
            "Does the network know how sure it is?",
            "Share of candidates that were chosen, by the probability that the network gave them, for test users whose"
            " candidates hold a test item; of several test items each counts as a share of one. On the dashed line both"
            " agree, below it the network is too sure. The order of a list does not depend on it.",
            plots.plot_calibration(report),
            tables.calibration_table(report),
        )
