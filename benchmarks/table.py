"""The result of a benchmark: a table in Markdown, and all figures in JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from benchmarks.baselines.registry import SYSTEMS, installed
from benchmarks.comparison import BRAID, Comparison, Options
from benchmarks.search import DEPTH
from models import DISTRIBUTION

_ALWAYS = (DISTRIBUTION, "numpy", "scipy", "tensorflow", "keras")


def to_markdown(found: Comparison, options: Options) -> str:
    """Write one comparison as a table, with the data above it and the omitted systems below."""
    ks = sorted(options.ks)
    main = f"ndcg@{DEPTH if DEPTH in ks else ks[-1]}"
    shown = [f"{metric}@{k}" for k in ks for metric in ("recall", "ndcg")]
    heads = ["", *shown, f"95 % of {main}", "overlaps with Braid's", "tuning s", "trials"]
    rows = []
    for name, result in found.results.items():
        low, high = result.intervals[main]
        overlaps = {None: "", True: "yes", False: "no"}[result.overlaps.get(main)]
        figures = [_figure(result.metrics[metric]) for metric in shown]
        spent = f"{result.seconds['tuning']:.1f}"
        rows.append([name, *figures, f"{_figure(low)} to {_figure(high)}", overlaps, spent, str(len(result.trials))])
    counts = ", ".join(f"{name} {value:,}" for name, value in found.counts.items())
    seen = "seen items may be recommended" if options.include_seen else "seen items are left out"
    lines = [
        f"## {found.data}, {found.protocol}",
        "",
        f"{counts}; {seen}; seed {options.seed}.{_budget(found)}",
        "",
        *(_row(cells) for cells in (heads, ["---"] * len(heads), *rows)),
    ]
    if found.left_out:
        lines += ["", "Left out:", *(f"- {name}: {reason}" for name, reason in found.left_out.items())]
    return "\n".join(lines) + "\n"


def to_json(comparisons: Sequence[Comparison], options: Options) -> str:
    """Write all comparisons, the options, the versions of the systems, and the machine."""
    packages = sorted({*_ALWAYS, *(system.package for system in SYSTEMS if system.package)})
    document = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "platform": platform.platform(),
        },
        "versions": {package: installed(package) for package in packages},
        "options": asdict(options),
        "comparisons": [asdict(comparison) for comparison in comparisons],
    }
    return json.dumps(document, indent=2) + "\n"


def _budget(found: Comparison) -> str:
    """Say whether Braid's own budget ended its search."""
    if BRAID not in found.results:
        return ""
    spent = found.results[BRAID].setting["budget_spent"]
    return f" Braid's budget was {'spent: some settings were not tried' if spent else 'not spent'}."


def _figure(value: float) -> str:
    return f"{value:.4f}"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
