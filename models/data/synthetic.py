"""Synthetic data sets of any size with a known structure: taste groups, popularity skew and order."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Int64
from models.data.columns import EVENT_TYPE, ITEM, TIMESTAMP, USER
from models.data.folder import DataSet

_FIRST_SECOND = 1_750_000_000
_DAYS = 365
_OWN_GROUP = 0.8
"""Share of a user's interactions that fall into the user's own taste group."""
_FOLLOWS = 0.4
"""Share of interactions that take the item next in line after the one before."""
_SKEW = 0.9
"""Exponent of the Zipf law of popularity within a group."""


def generate(users: int, items: int, interactions: int, *, seed: int = 0, groups: int | None = None) -> DataSet:
    """Generate a data set.

    Items fall into taste groups and stand in a line within their group, popular ones anywhere in it. A user draws
    mostly from one group, popular items more often; and often takes the item next in line after the last one.

    Parameters
    ----------
    users, items
        How many of each there are; every user has at least one interaction.
    interactions
        Rows; at least as many as users.
    groups
        Taste groups, at most as many as items; by default about one for every 50 items, at most 100.

    Raises
    ------
    ValueError
        A number is below 1, or there are fewer interactions than users or fewer items than groups.
    """
    if min(users, items) < 1 or interactions < users:
        raise ValueError("users and items must be at least 1, interactions at least as many as users")
    n_groups = int(np.clip(items // 50, 1, 100)) if groups is None else groups
    if not 1 <= n_groups <= items:
        raise ValueError("groups must be at least 1 and at most as many as items")
    generator = np.random.default_rng(seed)
    user = _busy_users(generator, users, interactions)
    group = _groups_drawn(generator, user, users, n_groups)
    size = items // n_groups + (np.arange(n_groups) < items % n_groups)
    start = np.concatenate([[0], np.cumsum(size)[:-1]])
    place = _places_drawn(generator, group, size)
    group, place = _follow(generator, user, group, place, size)
    timestamp = _moments(generator, user)
    order = np.argsort(timestamp, kind="stable")
    item = (start[group] + place)[order]
    return DataSet(
        interactions=pa.table(
            {
                USER: _named("u", user[order], users),
                ITEM: _named("i", item, items),
                EVENT_TYPE: pa.array(["view"]).take(pa.array(np.zeros(interactions, dtype=np.int64))),
                TIMESTAMP: timestamp[order],
            }
        ),
        items=_catalogue(items, size),
    )


def _busy_users(generator: np.random.Generator, users: int, interactions: int) -> Int64:
    """Return the user of each row, users in order; their numbers of rows are log-normal."""
    busy = generator.lognormal(sigma=0.8, size=users)
    counts = 1 + generator.multinomial(interactions - users, busy / busy.sum())
    return np.repeat(np.arange(users), counts)


def _groups_drawn(generator: np.random.Generator, user: Int64, users: int, n_groups: int) -> Int64:
    own = generator.integers(n_groups, size=users)[user]
    other = generator.integers(n_groups, size=len(user))
    return np.where(generator.random(len(user)) < _OWN_GROUP, own, other)


def _places_drawn(generator: np.random.Generator, group: Int64, size: Int64) -> Int64:
    """Sample a position in the group's line by its popularity."""
    place = np.empty(len(group), dtype=np.int64)
    for number, count in enumerate(size):
        rows = np.flatnonzero(group == number)
        popularity = generator.permutation((1.0 + np.arange(count)) ** -_SKEW)
        place[rows] = generator.choice(count, size=len(rows), p=popularity / popularity.sum())
    return place


def _follow(
    generator: np.random.Generator, user: Int64, group: Int64, place: Int64, size: Int64
) -> tuple[Int64, Int64]:
    """Let some rows take the item next in line after the row before of the same user."""
    rows = np.arange(len(user))
    fresh = generator.random(len(user)) >= _FOLLOWS
    fresh[np.flatnonzero(np.diff(user, prepend=-1))] = True
    origin = np.maximum.accumulate(np.where(fresh, rows, 0))
    group = group[origin]
    return group, (place[origin] + rows - origin) % size[group]


def _moments(generator: np.random.Generator, user: Int64) -> npt.NDArray[np.float64]:
    """Draw for each user a first time within the year, and later times minutes to days apart."""
    gaps = generator.exponential(3600.0, size=len(user))
    first = np.flatnonzero(np.diff(user, prepend=-1))
    gaps[first] = generator.uniform(0, _DAYS * 86_400, size=len(first))
    running = np.cumsum(gaps)
    before = (running[first] - gaps[first])[np.cumsum(np.diff(user, prepend=-1) != 0) - 1]
    moments: npt.NDArray[np.float64] = np.round(_FIRST_SECOND + running - before, 3)
    return moments


def _named(prefix: str, codes: Int64, count: int) -> pa.Array:
    width = len(str(count - 1))
    names = pa.array([f"{prefix}{code:0{width}d}" for code in range(count)])
    return names.take(pa.array(codes))


def _catalogue(items: int, size: Int64) -> pa.Table:
    group = np.repeat(np.arange(len(size)), size)
    return pa.table(
        {
            ITEM: _named("i", np.arange(items), items),
            "title": [f"Item {code} of group {number}" for code, number in enumerate(group)],
            "categories": [[f"group-{number}"] for number in group],
        }
    )
