"""What a server does at the moment: requests, lists and interactions a second, from the counts of its metrics.

A sample is taken when somebody looks, and not before: who watches the page pays for it, and a server that nobody
watches does not.
"""

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from prometheus_client import CollectorRegistry

_KEPT = 360
"""Samples: half an hour, where somebody looks every five seconds."""
_SHORTEST = 1.0
_REQUESTS, _BUCKETS, _LISTS = (
    "braid_http_requests_total",
    "braid_http_request_duration_seconds_bucket",
    "braid_recommendations_total",
)
_OF_PEOPLE = ("/console", "/metrics", "/health", "none")
"""Routes that are not asked by clients: the page that shows the numbers is not to be seen in them."""
_POSTED = {"/interactions", "/interactions/batch"}


@dataclass
class Counts:
    """Counts since the server began, and the moment when they were read, in seconds since 1970."""

    at: float
    requests: float = 0.0
    errors: float = 0.0
    posts: float = 0.0
    strategies: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    within: defaultdict[float, float] = field(default_factory=lambda: defaultdict(float))
    """Requests that took at most so many seconds."""

    @property
    def lists(self) -> float:
        """Lists that were given."""
        return float(sum(self.strategies.values()))


@dataclass(frozen=True)
class LiveNumbers:
    """Rates between the last two looks, the course of them, and the lists by strategy since the server began.

    Attributes
    ----------
    p50, p99
        Seconds within which half, and all but one in a hundred, of the requests were answered; None without any.
    """

    requests: float
    errors: float
    lists: float
    posts: float
    p50: float | None
    p99: float | None
    strategies: Sequence[tuple[str, int]]
    times: Sequence[float]
    course: Sequence[tuple[float, float, float]]


class Watching:
    """Keeps what was seen at the last looks."""

    def __init__(self) -> None:
        self._seen: deque[Counts] = deque(maxlen=_KEPT)

    def look(self, counts: Counts) -> LiveNumbers:
        """Compare counts with those of the looks before."""
        if not self._seen or counts.at - self._seen[-1].at >= _SHORTEST:
            self._seen.append(counts)
        seen = list(self._seen)
        now, before = seen[-1], seen[-2] if len(seen) > 1 else seen[-1]
        course = [_rates(one, two) for one, two in pairwise(seen)]
        requests, lists, posts = course[-1] if course else (0.0, 0.0, 0.0)
        spent = {bound: now.within[bound] - before.within.get(bound, 0.0) for bound in now.within}
        by_count = sorted(now.strategies.items(), key=lambda one: -one[1])
        return LiveNumbers(
            requests,
            max(now.errors - before.errors, 0.0),
            lists,
            posts,
            _quantile(spent, 0.5),
            _quantile(spent, 0.99),
            [(name, int(count)) for name, count in by_count if count],
            [one.at for one in seen[1:]],
            course,
        )


def counts_of(registry: CollectorRegistry, at: float) -> Counts:
    """Read the counts of a registry; `at` is the moment, in seconds since 1970."""
    found = Counts(at)
    for metric in registry.collect():
        for sample in metric.samples:
            route = sample.labels.get("route", "")
            if route.startswith(_OF_PEOPLE):
                continue
            if sample.name == _REQUESTS:
                found.requests += sample.value
                found.errors += sample.value * sample.labels["status"].startswith("5")
                found.posts += sample.value * (route in _POSTED and sample.labels["method"] == "POST")
            elif sample.name == _BUCKETS:
                found.within[float(sample.labels["le"])] += sample.value
            elif sample.name == _LISTS:
                found.strategies[sample.labels["strategy"]] += sample.value
    return found


def _rates(before: Counts, after: Counts) -> tuple[float, float, float]:
    seconds = after.at - before.at
    pairs = ((before.requests, after.requests), (before.lists, after.lists), (before.posts, after.posts))
    # Where a server began anew, its counts are lower than before.
    one, two, three = (max(new - old, 0.0) / seconds for old, new in pairs)
    return one, two, three


def _quantile(within: Mapping[float, float], share: float) -> float | None:
    """Return the seconds within which a share of the requests was answered, as Prometheus estimates them."""
    bounds = sorted(within)
    if not bounds or within[bounds[-1]] <= 0:
        return None
    wanted, low, below = share * within[bounds[-1]], 0.0, 0.0
    for bound in bounds:
        count = within[bound]
        if count >= wanted:
            return low if bound == float("inf") else low + (bound - low) * (wanted - below) / (count - below)
        low, below = bound, count
    return low
