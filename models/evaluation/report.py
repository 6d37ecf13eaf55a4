"""The report of an evaluation: what was measured, on what, and how."""

import json
import resource
import sys
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import numpy as np

from models.arrays.types import Float64

BLEND = "braid"
POPULARITY = "popularity"
NETWORK = "network"
MIX = "mix"
"""The mix of the parts without the network."""
_RESAMPLES = 1000
Name = TypeVar("Name", bound=Hashable)


SEGMENT_TITLES = {
    "history_length": "history",
    "visit_start": "what starts a visit",
    "visit_step": "what comes next in a visit",
    "new_targets": "targets that are new to the user",
    "repeated_targets": "targets of the history",
    "long_tail": "long-tail targets",
    "new_users": "new users",
    "no_history": "no history",
}
"""What segments are called, by their keys."""
_APART = ("history_length", "new_users", "no_history")


@dataclass(frozen=True)
class EvaluationReport:
    """Metrics of the blend, of every part alone and of the baselines.

    `metrics` maps `braid` (the blend) and each part and baseline to metric name and value; `intervals` has the same
    keys, with the lower and upper end of a bootstrapped 95 % interval; `seconds` maps phases to their duration.
    `segments` holds metrics of some of the users: `history_length` (by the length of their history), and `long_tail`,
    `new_users` and `no_history` if there are such users. `trials` are the settings tried on validation with the NDCG@10
    each reached, `curves` the losses of the network by epoch, `calibration` bins of its probabilities. `left_out` gives
    the reason for each part, and the network, that the blend does not read. `unmeasured` says why nothing was measured;
    the metrics are empty then. `kinds` compares the blend with its best part on each kind of list, see `MeasuredKind`.
    `goal` is what counts as success; None where all interactions do. `profiles` tells what the attributes of users
    gave: those that were read and those that were ignored, the weights, and newcomers with and without their profiles;
    None where no user has one.
    """

    protocol: str
    counts: dict[str, Any]
    metrics: dict[str, dict[str, float]]
    intervals: dict[str, dict[str, tuple[float, float]]]
    settings: dict[str, Any]
    seconds: dict[str, float]
    peak_memory_mb: float
    segments: dict[str, Any]
    trials: Sequence[Mapping[str, Any]]
    curves: dict[str, list[float]]
    calibration: Sequence[Mapping[str, Any]]
    measured_at: str
    left_out: Mapping[str, str] = field(default_factory=dict)
    unmeasured: str | None = None
    kinds: Mapping[str, Any] = field(default_factory=dict)
    goal: str | None = None
    profiles: Mapping[str, Any] | None = None

    @property
    def plain_k(self) -> int:
        """The list length to show where there is room for one only: 10, or else the longest."""
        return plain_length(self.metrics)

    @property
    def compared(self) -> list[str]:
        """The names to show where there is room for few: the blend, the best part alone and popularity."""
        metric = f"ndcg@{self.plain_k}"
        parts = [name for name in self.metrics if name not in {BLEND, POPULARITY}]
        best = sorted(parts, key=lambda name: self.metrics[name][metric])[-1:]
        return [BLEND, *best, POPULARITY]

    @property
    def budget(self) -> str:
        """Whether the budget ended the search for settings, in words."""
        return "spent: some settings were not tried" if self.settings.get("budget_spent") else "not spent"

    def named_segments(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield all segments, each with a readable name."""
        for length, segment in self.segments["history_length"].items():
            yield f"history: {length}", segment
        for name, title in SEGMENT_TITLES.items():
            if name in self.segments and name not in _APART:
                yield title, self.segments[name]
        if "new_users" in self.segments:
            yield SEGMENT_TITLES["new_users"], self.segments["new_users"]
            yield "the same, known", self.segments["new_users"]["known"]
        if "no_history" in self.segments:
            yield SEGMENT_TITLES["no_history"], self.segments["no_history"]

    def to_json(self) -> str:
        """Write the report as a JSON document."""
        return json.dumps(asdict(self), indent=2)


def plain_length(metrics: Mapping[str, Mapping[str, float]]) -> int:
    """Return the list length to show where there is room for one only: 10, or else the longest."""
    lengths = {int(name.partition("@")[2]) for values in metrics.values() for name in values}
    return 10 if 10 in lengths else max(lengths)  # noqa: PLR2004


def bootstrap_intervals(
    values: Mapping[Name, Float64], *, seed: int, certainty: float = 0.95
) -> dict[Name, tuple[float, float]]:
    """Compute intervals of means, 95 % ones by default, by resampling the users 1000 times (Efron 1979).

    Parameters
    ----------
    values
        Metrics of each user, all of the same users; the resamples are the same for all of them.
    """
    table = np.stack(list(values.values()), axis=1)
    if not len(table):
        return dict.fromkeys(values, (0.0, 0.0))
    rng = np.random.default_rng(seed)
    means = np.empty((_RESAMPLES, table.shape[1]))
    for row in range(_RESAMPLES):
        resample = rng.integers(0, len(table), len(table))
        means[row] = np.bincount(resample, minlength=len(table)) @ table / len(table)
    low, high = np.quantile(means, ((1 - certainty) / 2, (1 + certainty) / 2), axis=0)
    return {name: (float(low[column]), float(high[column])) for column, name in enumerate(values)}


def peak_memory_mb() -> float:
    """Measure the peak memory of this process so far, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts kilobytes, macOS bytes.
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)
