"""How much a profile counts for users without a history, chosen on the newcomers of the validation window."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.arrays.kernels import largest
from models.arrays.types import Array, Float32, Float64, Int32, Int64
from models.data.holdout import Ragged
from models.data.interactions import Interactions
from models.evaluation.metrics import per_user_values
from models.recommenders.popularity import Popularity, PopularityConfig
from models.recommenders.profile_affinity import ProfileAffinity, ProfileAffinityConfig
from models.recommenders.recommender import TrainingData
from models.training.newcomer_window import MIN_NEWCOMERS, choose_newcomer_window, first_visits, latest_newcomers
from models.training.validation import within_one_error

PSEUDO_COUNTS = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
WEIGHTS = (0.25, 0.5, 0.75, 1.0)
_SHARE = 0.1
_MOST = 2000
_DEPTH = 10


@dataclass(frozen=True)
class NewcomerChoice:
    """What newcomers chose, and the mean NDCG@10 of these newcomers with and without their profiles.

    `window` is that of popularity, see `newcomer_window`. `newcomers` is the number of those with a profile; 0 where
    there are too few, so that it counts nothing.
    """

    config: ProfileAffinityConfig
    window: int | None = None
    newcomers: int = 0
    with_profile: float = 0.0
    without_profile: float = 0.0

    def facts(self) -> Mapping[str, float]:
        """Return the figures for a report."""
        return {
            "newcomers": self.newcomers,
            "ndcg@10": self.with_profile,
            "without_profile_ndcg@10": self.without_profile,
        }


def choose_for_newcomers(known: Interactions, window: float | None, visit_pause: float, seed: int) -> NewcomerChoice:
    """Choose the window of popularity for users without a history, then pseudo-count and weight of their profiles.

    For the profiles, newcomers are users whose first interaction is in the latest part of the interactions; where there
    are too few, or times are not known, users drawn at random. Their targets are the items of their first visit. What
    others did before is known. Profiles count nothing unless they are better by more than one standard error.

    Parameters
    ----------
    known
        What reached the goal before the test, with the profiles of the users.
    window
        Length of the latest part in seconds; a tenth of the time where None.
    visit_pause
        Seconds without an interaction that end a visit.
    """
    nothing = NewcomerChoice(ProfileAffinityConfig(), choose_newcomer_window(known, window, visit_pause))
    if (known.profiles is None and known.contexts is None) or not len(known.items):
        return nothing
    for before, first in (latest_newcomers(known, window), _drawn(known, seed)):
        found = _choose(known, before, first, visit_pause, nothing)
        if found is not None:
            return found
    return nothing


def _choose(
    known: Interactions,
    before: Array,
    first: Int64,
    visit_pause: float,
    start: NewcomerChoice,
) -> NewcomerChoice | None:
    fitted = known.select(before)
    affinity = ProfileAffinity.of(fitted, start.config.model_copy(update={"pseudo_count": 1.0, "newcomer_weight": 1.0}))
    profiles = [_described(known, row) for row in first.tolist()]
    has = np.array([affinity.lifted(profile) is not None for profile in profiles], dtype=np.bool_)
    first, profiles = first[has], [profile for profile, kept in zip(profiles, has, strict=True) if kept]
    if len(first) < MIN_NEWCOMERS:
        return None
    some = np.unique(np.linspace(0, len(first) - 1, _MOST).astype(np.int64))
    first, profiles = first[some], [profiles[row] for row in some.tolist()]
    config = PopularityConfig(newcomer_window=start.window)
    popularity = Popularity.fit(TrainingData(fitted), config)
    targets = first_visits(known, first, visit_pause)
    ranking = _Ranking(popularity, affinity, profiles)
    targets = first_visits(known, first, visit_pause)
    plain = _measured(ranking.lists(1.0, 0.0), targets)
    found = {
        (count, weight): _measured(ranking.lists(count, weight), targets)
        for count in PSEUDO_COUNTS
        for weight in WEIGHTS
    }
    count, weight = max(found, key=lambda one: float(found[one].mean()))
    best = found[count, weight]
    helps = not within_one_error(best, plain)
    chosen = {"pseudo_count": count, "newcomer_weight": weight if helps else 0.0}
    ndcg = float((best if helps else plain).mean())
    return NewcomerChoice(start.config.model_copy(update=chosen), start.window, len(first), ndcg, float(plain.mean()))


def _described(known: Interactions, row: int) -> Int64 | None:
    """Return the profile of the user of a row, and the context of the row."""
    profile = None if known.profiles is None else known.profiles.of(int(known.users[row]))
    return profile if known.contexts is None else known.contexts.beside(profile, row)


def _drawn(known: Interactions, seed: int) -> tuple[Array, Int64]:
    """Draw users, and return the rows of all others and the first row of each of these."""
    active = np.flatnonzero(np.diff(known.offsets))
    count = min(int(len(active) * _SHARE), _MOST)
    users = np.sort(np.random.default_rng(seed).choice(active, count, replace=False))
    return ~np.isin(known.users, users), known.offsets[users]


class _Ranking:
    """Ranks items for newcomers with many settings: each different profile is looked up once, and ranked once each.

    Parameters
    ----------
    affinity
        Fitted with a pseudo-count of 1.
    """

    def __init__(self, popularity: Popularity, affinity: ProfileAffinity, profiles: list[Int64 | None]) -> None:
        keys = [affinity.known(profile).tobytes() for profile in profiles]
        first = {key: row for row, key in reversed(list(enumerate(keys)))}
        place = {key: row for row, key in enumerate(first)}
        self._rows = np.array([place[key] for key in keys])
        counts, head = popularity.newcomer_counts, popularity.newcomer_order[:_DEPTH]
        self._known = [_looked_up(counts, head, affinity.rows_of(profiles[row])) for row in first.values()]

    def lists(self, pseudo_count: float, weight: float) -> Int32:
        """Rank with some settings: int32 (newcomers, 10)."""
        ranked = np.full((len(self._known), _DEPTH), -1, dtype=np.int32)
        for row, (items, counts, place, ratios) in enumerate(self._known):
            lifts = np.bincount(place, weights=np.log1p(ratios / pseudo_count), minlength=len(items))
            scores = (counts * np.exp(weight * lifts)).astype(np.float32)
            best = largest(scores, _DEPTH)
            best = best[np.argsort(-scores[best], kind="stable")]
            ranked[row, : len(best)] = items[best]
        lists: Int32 = ranked[self._rows]
        return lists


def _looked_up(
    counts: Float32, head: Int32, rows: list[tuple[Int32, Float32]]
) -> tuple[Int32, Float32, Int64, Float32]:
    """Return items with their counts, and the place and ratio of each item that a value of a profile raises."""
    raised = np.concatenate([items for items, _ in rows])
    items, place = np.unique(np.concatenate([raised, head]), return_inverse=True)
    return items, counts[items], place[: len(raised)], np.expm1(np.concatenate([lifts for _, lifts in rows]))


def _measured(lists: Int32, targets: Ragged) -> Float64:
    """Measure lists by NDCG@10, user by user."""
    return per_user_values(lists, targets.offsets, targets.items, [_DEPTH])[f"ndcg@{_DEPTH}"]
