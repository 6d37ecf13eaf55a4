"""The result of a measurement: tables in Markdown, and all figures in JSON."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from benchmarks.load.history import LENGTHS, case_name
from benchmarks.load.rounds import CACHED, CEILING, UNCACHED, Case, Options, Rounds
from benchmarks.load.server import Memory
from benchmarks.load.sizes import WORKERS, Size

_LOAD_HEADS = (
    "Workers",
    "Connections",
    "Answer",
    "requests/s",
    "of the ceiling",
    "p50 ms",
    "p99 ms",
    "p99.9 ms",
    "p99/p50",
    "server, cores",
    "wrk, cores",
)
MOST_TIMES_SLOWER = 5
MOST_EXTRA_MEMORY = 250


@dataclass
class Found:
    """All that a run of the benchmark measured; parts that were not requested are empty."""

    name: str
    machine: dict[str, object]
    options: Options
    check: dict[str, int] = field(default_factory=dict)
    start_up: list[float] = field(default_factory=list)
    serving: list[Rounds] = field(default_factory=list)
    history: Rounds | None = None
    sizes: list[Size] = field(default_factory=list)


def to_json(found: Found) -> str:
    """Write all figures, including each run of each round."""
    return json.dumps(asdict(found), indent=2) + "\n"


def to_markdown(found: Found) -> str:
    """Write the tables, with the machine above them."""
    machine, options = found.machine, found.options
    cores = f"{machine['cores']} cores, {machine['processor']}, {machine['memory_gb']} GB"
    system = f"Python {machine['python']}, {machine['platform']}"
    lines = [
        f"## {found.name}",
        "",
        f"{machine['date']}; {cores}, {system}; load average before: {machine['load_average_before']}.",
        f"Medians of {options.rounds} rounds of {options.seconds} s.",
    ]
    if found.serving:
        lines += ["", *load_table(found.serving)]
        check = found.check
        personal = f"{check['personalized']} got a personal answer, and {check['different_lists']} lists were different"
        lines += ["", f"Of {check['users']} users in the check before, {personal}."]
        for rounds in found.serving:
            lines += ["", f"Memory with {rounds.workers} workers, after the load:", "", *memory_table(rounds.memory)]
    if found.start_up:
        times = ", ".join(f"{seconds:.2f}" for seconds in found.start_up)
        lines += ["", f"From the start to the first 200 of `/health/ready`: {_median(found.start_up)} s ({times})."]
    if found.history is not None:
        lines += ["", *history_table(found.history)]
    if found.sizes:
        lines += ["", *sizes_table(found.sizes)]
    return "\n".join(lines) + "\n"


def load_table(all_rounds: Sequence[Rounds]) -> list[str]:
    """Compare the answers with the ceiling, for each number of workers and connections."""
    rows = []
    for rounds in all_rounds:
        workers = f"{rounds.workers}{', pinned' if rounds.pinned else ''}"
        for count in dict.fromkeys(case.connections for case in rounds.cases):
            ceiling = rounds.case(CEILING, count)
            for name in (UNCACHED, CACHED, CEILING):
                case = rounds.case(name, count)
                share = f"{case.median('rate') / ceiling.median('rate'):.0%}"
                rows.append([workers, str(count), name, *_figures(case, share)])
    return table(_LOAD_HEADS, rows)


def memory_table(memory: Sequence[Memory]) -> list[str]:
    """Show the memory of each process."""
    rows = [[one.role, *(f"{size:.0f}" for size in (one.rss, one.pss, one.uss))] for one in memory]
    return table(("Process", "RSS MB", "PSS MB", "USS MB"), rows)


def history_table(rounds: Rounds) -> list[str]:
    """Compare long histories with short ones."""
    short, *_, long = (rounds.case(case_name(length), 1) for length in LENGTHS)
    rows = [
        [case.name, *(f"{case.median(figure):.2f}" for figure in ("p50", "p99", "p99_9"))]
        for case in (short, long, rounds.case(CEILING, 1))
    ]
    ratio = long.median("p50") / short.median("p50")
    shown = table(("History, 1 connection", "p50 ms", "p99 ms", "p99.9 ms"), rows)
    return [*shown, "", f"{long.name} take {ratio:.2f} times as long as {short.name} (p50)."]


def sizes_table(sizes: Sequence[Size]) -> list[str]:
    """Compare catalogues with the first one."""
    rows = []
    for size in sizes:
        for case in size.rounds.cases:
            if case.name == CEILING:
                continue
            first = next(
                one for one in sizes[0].rounds.cases if one.name != CEILING and one.connections == case.connections
            )
            slower = [case.median("p50") / first.median("p50"), first.median("rate") / case.median("rate")]
            ceiling = size.rounds.case(CEILING, case.connections).median("rate")
            rows.append(
                [
                    case.name,
                    str(case.connections),
                    *_figures(case, f"{case.median('rate') / ceiling:.0%}")[:6],
                    *(f"{times:.2f}" for times in slower),
                ]
            )
    heads = ("Catalogue", *_LOAD_HEADS[1:2], *_LOAD_HEADS[3:9], "p50, times the first", "requests/s, times fewer")
    lines = table(heads, rows)
    for size in sizes:
        made = f"; generated, imported and trained in {size.prepared_in:.0f} s" if size.prepared_in else ""
        extra = f"one more holds {size.extra_worker:.0f} MB for itself (wanted: less than {MOST_EXTRA_MEMORY})"
        lines += ["", f"{size.items:,} items, memory with {WORKERS} workers; {extra}{made}:", ""]
        lines += memory_table(size.memory)
    return [*lines, "", f"Wanted: at most {MOST_TIMES_SLOWER} times slower than the first."]


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Write a table."""
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]


def _figures(case: Case, share: str) -> list[str]:
    p50, p99, p99_9 = (case.median(figure) for figure in ("p50", "p99", "p99_9"))
    latencies = [f"{latency:.2f}" for latency in (p50, p99, p99_9)]
    cores = [f"{case.median(figure):.2f}" for figure in ("server_cores", "load_cores")]
    return [f"{case.median('rate'):,.0f}", share, *latencies, f"{p99 / p50:.1f}", *cores]


def _median(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f}"
