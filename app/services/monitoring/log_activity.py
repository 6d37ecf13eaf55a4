"""What happened when: counts of the log by event type over time, for a chart."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from app.storage.activity import ActivityStore, DayCount, Stored

LATEST = 1_000_000
"""Rows of the log that are counted."""
_KEPT_SECONDS = 60.0
_DAY_SECONDS = 86_400
_MOST_POINTS = 120
_STEPS = ((1, "day"), (7, "week"), (28, "four weeks"), (364, "year"))
_MOST_TYPES = 4
OTHERS = "others"


@dataclass(frozen=True)
class Activity:
    """Counts of the latest rows of the log.

    Attributes
    ----------
    step
        What one point stands for, in words.
    moments
        Beginnings of the points, in seconds since 1970.
    series
        For each event type the counts of the points; the rarest types are one series.
    totals
        The rows of each event type, those without a time included, the most frequent first.
    without_time
        Rows that have no time.
    """

    stored: Stored
    counted: int
    step: str
    moments: tuple[int, ...]
    series: Mapping[str, tuple[int, ...]]
    totals: Mapping[str, int]
    without_time: int


class LogActivity:
    """Counts the log by time, at most once a minute, because counting reads it."""

    def __init__(self, store: ActivityStore) -> None:
        self._store = store
        self._found: tuple[float, Activity] | None = None

    async def get(self) -> Activity:
        """Return the counts, at most a minute old.

        Raises
        ------
        DatabaseError
            The database does not answer.
        """
        if self._found is None or monotonic() - self._found[0] > _KEPT_SECONDS:
            stored = await self._store.stored()
            self._found = monotonic(), activity_of(stored, await self._store.by_day(LATEST))
        return self._found[1]


def activity_of(stored: Stored, counts: Sequence[DayCount]) -> Activity:
    """Gather counts of days into as few points as a chart can show."""
    totals: dict[str, int] = defaultdict(int)
    for one in counts:
        totals[one.event_type] += one.count
    totals = dict(sorted(totals.items(), key=lambda pair: (-pair[1], pair[0])))
    timed = [(one.day, one.event_type, one.count) for one in counts if one.day is not None]
    without = sum(totals.values()) - sum(count for _, _, count in timed)
    if not timed:
        return Activity(stored, sum(totals.values()), "day", (), {}, totals, without)
    first, last = timed[0][0], timed[-1][0]
    days, step = next((one for one in _STEPS if (last - first) // one[0] < _MOST_POINTS), _STEPS[-1])
    points = (last - first) // days + 1
    named = list(totals)[: _MOST_TYPES if len(totals) > _MOST_TYPES + 1 else _MOST_TYPES + 1]
    series: dict[str, list[int]] = {}
    for day, event_type, count in timed:
        name = event_type if event_type in named else OTHERS
        series.setdefault(name, [0] * points)[(day - first) // days] += count
    return Activity(
        stored,
        sum(totals.values()),
        step,
        tuple((first + place * days) * _DAY_SECONDS for place in range(points)),
        {name: tuple(series[name]) for name in (*named, OTHERS) if name in series},
        totals,
        without,
    )
