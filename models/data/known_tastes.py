"""Generated logs with known tastes: two attributes of a user decide in part what the user likes."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from models.arrays.types import Float64, Int64
from models.data.columns import EVENT_TYPE, ITEM, TIMESTAMP, USER
from models.data.folder import DataSet

_FIRST_SECOND = 1_750_000_000
_YEAR = 365 * 86_400.0
_COUNTRIES, _SEGMENTS, _PLANS = 12, 8, 4
_GROUPS = 24
_LIKED = 4
"""Groups of items that a country, or a segment, likes."""
_RAISED = 16.0
"""How many times as often a liked group is taken; what both like, the square of it."""
_BY_TASTE = 0.7
"""Share of the interactions that follow the taste; the others take any item by its popularity."""
_SKEW = 0.6
"""Exponent of the Zipf law of popularity."""


@dataclass(frozen=True)
class KnownTastes:
    """A generated log, and the tastes that it was generated with.

    `tastes` is the taste of each user, a row of `shares`: float64 (tastes, items), how often each item is taken.
    """

    dataset: DataSet
    tastes: Int64
    shares: Float64


def generate_tastes(users: int, items: int, *, each: float = 6.0, seed: int = 0) -> KnownTastes:
    """Generate a log whose users have a country and a segment, which say what they like, and attributes that do not.

    Items fall into groups. A country and a segment each like some of the groups; a user mostly takes items of the
    groups that the own ones like, popular items more often. `plan` is drawn at random, and `email` is another one for
    each user. Users come at random times of a year, and stay for an hour.

    Parameters
    ----------
    users, items
        How many of each there are.
    each
        Mean number of interactions of a user beside the first.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(_GROUPS, size=items)
    popularity = rng.permutation((1.0 + np.arange(items)) ** -_SKEW)
    popularity /= popularity.sum()
    tastes = [_tastes(rng, count) for count in (_COUNTRIES, _SEGMENTS)]
    country, segment = rng.integers(_COUNTRIES, size=users), rng.integers(_SEGMENTS, size=users)
    user = np.repeat(np.arange(users), 1 + rng.poisson(each, size=users))
    item = rng.choice(items, size=len(user), p=popularity)
    follows = rng.random(len(user)) < _BY_TASTE
    taste = country * _SEGMENTS + segment
    shares = np.empty((_COUNTRIES * _SEGMENTS, items))
    for code, own in enumerate(shares):
        rows = np.flatnonzero(follows & (taste[user] == code))
        odds = popularity * (tastes[0][code // _SEGMENTS] * tastes[1][code % _SEGMENTS])[group]
        item[rows] = rng.choice(items, size=len(rows), p=odds / odds.sum())
        own[:] = _BY_TASTE * odds / odds.sum() + (1 - _BY_TASTE) * popularity
    came = rng.uniform(0, _YEAR, size=users)
    times = np.round(_FIRST_SECOND + came[user] + rng.uniform(0, 3600.0, size=len(user)), 3)
    order = np.argsort(times, kind="stable")
    names = [f"u{code:06d}" for code in range(users)]
    dataset = DataSet(
        interactions=pa.table(
            {
                USER: pa.array(names).take(pa.array(user[order])),
                ITEM: [f"i{code:05d}" for code in item[order].tolist()],
                EVENT_TYPE: ["view"] * len(user),
                TIMESTAMP: times[order],
            }
        ),
        users=pa.table(
            {
                USER: names,
                "country": [f"country-{code}" for code in country.tolist()],
                "segment": [f"segment-{code}" for code in segment.tolist()],
                "plan": [f"plan-{code}" for code in rng.integers(_PLANS, size=users).tolist()],
                "email": [f"{name}@example.com" for name in names],
            }
        ),
    )
    return KnownTastes(dataset, taste, shares)


def _tastes(rng: np.random.Generator, count: int) -> Float64:
    """Draw how many times as often each value of an attribute takes items of each group: (values, groups)."""
    tastes = np.ones((count, _GROUPS))
    for row in tastes:
        row[rng.choice(_GROUPS, size=_LIKED, replace=False)] = _RAISED
    return tastes
