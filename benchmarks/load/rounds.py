"""The rounds of a measurement: every case in every round on a new server, in an order that changes."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

from benchmarks.load.application import CONSTANT
from benchmarks.load.client import Client
from benchmarks.load.machine import cores_for
from benchmarks.load.questions import WARM_LIMIT, Questions, repeated
from benchmarks.load.server import Memory, Server, serving, warm
from benchmarks.load.work import Say, Work
from benchmarks.load.wrk import Measured, run_wrk

CEILING, CACHED, UNCACHED = "ceiling", "cached", "uncached"
_RATE_AT_MOST = 20_000
"""Requests per second and worker for which paths are prepared: well above the rate of the constant answer."""


@dataclass(frozen=True)
class Options:
    """Options: length and number of the runs, connections, and whether processes are pinned to a core."""

    seconds: int = 5
    rounds: int = 3
    connections: tuple[int, ...] = (1, 16, 64)
    users: int = 10_000
    pin: bool = True


@dataclass(frozen=True)
class Loaded:
    """One run against the server; `server_cores` are the CPU seconds per second of all its processes."""

    measured: Measured
    server_cores: float


@dataclass
class Case:
    """All runs of one case with a number of connections, one per round."""

    name: str
    connections: int
    runs: list[Loaded] = field(default_factory=list)

    def median(self, figure: str) -> float:
        """Return the median over the rounds of a figure of `Measured` or `Loaded`."""
        ours = {one.name for one in fields(Loaded)}
        return float(statistics.median(getattr(run if figure in ours else run.measured, figure) for run in self.runs))


@dataclass
class Rounds:
    """What all rounds found; the memory is that after the last round."""

    workers: int
    pinned: bool
    cases: list[Case]
    memory: list[Memory]

    def case(self, name: str, connections: int) -> Case:
        """Find a case."""
        return next(case for case in self.cases if (case.name, case.connections) == (name, connections))


def run_rounds(
    work: Work,
    users: Mapping[str, Sequence[str]],
    options: Options,
    *,
    workers: int,
    answer: Path,
    folder: Path,
    with_cached: bool = True,
    say: Say,
) -> Rounds:
    """Measure the ceiling, one request again and again, and different requests.

    Parameters
    ----------
    users
        Name of each case with distinct requests, and its users.
    answer
        The constant answer of the ceiling.
    folder
        For logs and scripts.

    Raises
    ------
    LoadError
        A request failed, or the server did.
    """
    cores = cores_for(workers, pin=options.pin)
    fixed = {CEILING: CONSTANT} | ({CACHED: repeated(next(iter(users.values())))} if with_cached else {})
    names = [*fixed, *users]
    cases = {(name, count): Case(name, count) for count in options.connections for name in names}
    memory: list[Memory] = []
    for number in range(options.rounds):
        with serving(work, folder, answer=answer, workers=workers, core=cores.server) as server:
            everybody = list(dict.fromkeys(user for group in users.values() for user in group))
            ids = warm(server.port, workers, everybody, limit=WARM_LIMIT)
            dealt = {name: Questions(group) for name, group in users.items()}
            for count in options.connections:
                # The order of the cases changes from round to round.
                for name in [*names[number % len(names) :], *names[: number % len(names)]]:
                    if name in fixed:
                        with Client(server.port) as client:
                            client.get(fixed[name])
                        paths = [fixed[name]]
                    else:
                        paths = dealt[name].next(options.seconds * _RATE_AT_MOST * workers)
                    run = _load(server, paths, count, options, core=cores.load, folder=folder)
                    if name in dealt:
                        dealt[name].use_up(run.measured.taken)
                    cases[name, count].runs.append(run)
                    say(f"{workers} workers, round {number + 1}, {name}, {count}: {run.measured.rate:,.0f}/s")
            memory = server.memory(ids)
    return Rounds(workers, cores.server is not None, list(cases.values()), memory)


def _load(
    server: Server, paths: Sequence[str], connections: int, options: Options, *, core: int | None, folder: Path
) -> Loaded:
    before = server.cpu_seconds()
    measured = run_wrk(server.port, paths, connections=connections, seconds=options.seconds, core=core, folder=folder)
    return Loaded(measured, (server.cpu_seconds() - before) * measured.rate / measured.requests)
