"""What a soak has to show, line by line."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.soaking.restarts import Restarts
from benchmarks.soaking.swaps import Swaps
from benchmarks.soaking.traffic import Failure, Outcome
from benchmarks.soaking.watch import Held, Watched

MOST_GROWTH = 0.1
FRESH_WITHIN = 1.0
_SHARE_AT_ENDS = 0.1
_FEWEST_AT_ENDS = 3


@dataclass(frozen=True)
class Line:
    """What was measured; `holds` is None where nothing is asked of it."""

    what: str
    measured: str
    holds: bool | None = None


@dataclass
class Soaked:
    """All that one run found, with the offered requests a second, its capacity, and the ids of the log."""

    capacity: float
    rate: float
    outcome: Outcome
    swaps: Swaps
    restarts: Restarts
    watched: Watched
    began: float
    ended: float
    stored: Sequence[str]

    def lines(self) -> list[Line]:
        """Judge the run."""
        outcome, inside, outside = self.outcome, *self._failures()
        impolite = [one for one in inside if not one.polite]
        lost, twice = len(outcome.acknowledged - set(self.stored)), len(self.stored) - len(set(self.stored))
        refused = [one for one in self.swaps.refused if not self.restarts.within(*one[:2])]
        swapped = sum(answered >= self.began for _, _, answered in self.swaps.made) - len(self.swaps.refused)
        return [
            Line("capacity, requests/s", f"{self.capacity:,.0f}"),
            Line("offered, requests/s", f"{self.rate:,.0f} for {(self.ended - self.began) / 60:.1f} minutes"),
            Line("requests answered", f"{sum(outcome.sent.values()):,}"),
            Line("requests that found no free connection", f"{outcome.left_out:,}", not outcome.left_out),
            Line("latency outside restarts, p50 and p99", self._latency()),
            Line("swaps of the bundle", f"{swapped}, {len(refused)} refused", swapped > 0 and not refused),
            Line("restarts of the database", f"{len(self.restarts.windows)}"),
            Line("errors outside restarts", f"{len(outside)}{_examples(outside)}", not outside),
            Line("errors within restarts", f"{len(inside)}"),
            Line("of them not 503 with Retry-After", f"{len(impolite)}{_examples(impolite)}", not impolite),
            Line("interactions acknowledged", f"{len(outcome.acknowledged):,}", bool(outcome.acknowledged)),
            Line("of them lost", f"{lost:,}", not lost),
            Line("stored twice", f"{twice:,}", not twice),
            Line("answers that name a bundle", f"{outcome.named:,}", bool(outcome.named)),
            Line("of them a wrong one", f"{len(outcome.wrong_versions):,}", not outcome.wrong_versions),
            Line("lists without a bundle", f"{outcome.nameless:,}", not outcome.nameless),
            self._growth("memory of all processes (PSS), MB", [one.memory for one in self._held()]),
            self._growth("open handles", [float(one.handles) for one in self._held()]),
            self._freshness(),
        ]

    def _failures(self) -> tuple[list[Failure], list[Failure]]:
        inside = [one for one in self.outcome.failures if self.restarts.within(one.began, one.ended)]
        return inside, [one for one in self.outcome.failures if not self.restarts.within(one.began, one.ended)]

    def _held(self) -> list[Held]:
        return [one for one in self.watched.held if self.began <= one.at <= self.ended]

    def _latency(self) -> str:
        times = sorted(spent for due, spent in self.outcome.latencies if not self.restarts.within(due, due + spent))
        return f"{_at(times, 0.5) * 1000:.1f} and {_at(times, 0.99) * 1000:.0f} ms"

    def _growth(self, what: str, values: list[float]) -> Line:
        count = max(int(len(values) * _SHARE_AT_ENDS), min(_FEWEST_AT_ENDS, len(values)))
        if not count:
            return Line(what, "no sample", holds=False)
        first, last = statistics.median(values[:count]), statistics.median(values[-count:])
        return Line(what, f"{first:,.0f} after warm-up, {last:,.0f} at the end", last <= first * (1 + MOST_GROWTH))

    def _freshness(self) -> Line:
        late = sorted(
            spent
            for at, spent in self.watched.late
            if self.began <= at <= self.ended and not self.restarts.within(at, at + spent)
        )
        if not late:
            return Line("known to the other process after", "no sample", holds=False)
        shown = f"{_at(late, 0.5) * 1000:.0f} ms (median), {_at(late, 0.99) * 1000:.0f} ms (p99), {len(late)} samples"
        return Line("known to the other process after", shown, _at(late, 0.99) <= FRESH_WITHIN)


def _at(values: Sequence[float], share: float) -> float:
    return values[min(int(len(values) * share), len(values) - 1)] if values else float("nan")


def _examples(failures: Sequence[Failure]) -> str:
    kinds = sorted({(one.kind, one.answer.status, one.answer.body[:160].decode(errors="replace")) for one in failures})
    return "".join(f"; {kind}: {status} {said}" for kind, status, said in kinds[:3])
