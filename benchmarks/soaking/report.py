"""The result of a soak: a table in Markdown, and a plot."""

from collections import Counter
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.soaking.verdict import Soaked

_STEP = 10


def to_markdown(soaked: Soaked) -> str:
    """Write the lines as a table."""
    rows = ["| what | measured | holds |", "| --- | --- | --- |"]
    for line in soaked.lines():
        holds = {None: "", True: "yes", False: "**no**"}[line.holds]
        rows.append(f"| {line.what} | {line.measured.replace('|', '/').replace(chr(10), ' ')} | {holds} |")
    return "\n".join(rows)


def draw(soaked: Soaked, path: Path) -> None:
    """Plot memory, handles, requests with their errors and freshness over the minutes, with swaps and restarts."""
    figure = Figure(figsize=(9, 10), layout="constrained")
    memory, handles, requests, fresh = figure.subplots(4, 1, sharex=True)
    held = soaked.watched.held
    memory.plot([_minute(soaked, one.at) for one in held], [one.memory for one in held])
    memory.set(title="Memory of all processes", ylabel="MB (PSS)", ylim=(0, None))
    handles.plot([_minute(soaked, one.at) for one in held], [one.handles for one in held])
    handles.set(title="Open handles", ylim=(0, None))
    requests.plot(*_rate(soaked, [due for due, _ in soaked.outcome.latencies]), label="answered")
    failed = [one.ended for one in soaked.outcome.failures]
    requests.plot(*_rate(soaked, failed), color="tab:red", label="of them errors")
    requests.set(title="Requests", ylabel="a second", ylim=(0, None))
    requests.legend()
    late = soaked.watched.late
    fresh.plot([_minute(soaked, at) for at, _ in late], [spent * 1000 for _, spent in late], ".")
    fresh.set(title="Until the other process knows a post", ylabel="ms", xlabel="minutes since warm-up", yscale="log")
    for axes in (memory, handles, requests, fresh):
        _mark(axes, soaked)
    figure.savefig(path)


def _mark(axes: Axes, soaked: Soaked) -> None:
    for _, _, answered in soaked.swaps.made:
        if not soaked.began <= answered <= soaked.ended:
            continue
        axes.axvline(_minute(soaked, answered), color="tab:green", linewidth=0.6, linestyle=":")
    for start, end in soaked.restarts.windows:
        axes.axvspan(_minute(soaked, start), _minute(soaked, min(end, soaked.ended)), color="tab:orange", alpha=0.2)
    axes.grid(alpha=0.3)


def _rate(soaked: Soaked, times: list[float]) -> tuple[list[float], list[float]]:
    counts = Counter(int(at // _STEP) for at in times)
    steps = range(min(counts, default=0), max(counts, default=-1) + 1)
    return [_minute(soaked, (step + 0.5) * _STEP) for step in steps], [counts[step] / _STEP for step in steps]


def _minute(soaked: Soaked, at: float) -> float:
    return (at - soaked.began) / 60
