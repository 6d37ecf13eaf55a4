"""The requests of a measurement: distinct ones (uncached), and one that is repeated (cached).

A cached answer does not measure how fast a server recommends. So no two requests of the uncached case are the same:
each is for the next user in a random order, and after all users the next pass requests lists that are one item longer
(`limit` 10, then 11, and so on). The lists get longer, so that no answer is the beginning of an earlier one. Histories,
on the other hand, are in memory when the measurement begins: every worker has answered once for every user, with a
shorter list. Each round has a new server, and begins with 10 again.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import quote

import numpy as np

from benchmarks.load.client import Client
from benchmarks.load.errors import LoadError

WARM_LIMIT = 9
FIRST_LIMIT, LAST_LIMIT = 10, 100
CHECKED = 100
_PERSONAL = "personalized"
_WANTED_SHARE = 0.9


def chosen(users: Sequence[str], count: int, *, seed: int = 0) -> list[str]:
    """Draw users at random, at most all of them."""
    order = np.random.default_rng(seed).permutation(len(users))
    return [users[position] for position in order[:count]]


def repeated(users: Sequence[str]) -> str:
    """Return the one request of the cached case."""
    return f"/recommend/{quote(users[0])}"


class Questions:
    """Yields distinct requests.

    Parameters
    ----------
    users
        The users of the requests.
    """

    def __init__(self, users: Sequence[str], *, seed: int = 0) -> None:
        self._users = [quote(user) for user in users]
        self._seed = seed
        self._asked = 0

    def next(self, count: int) -> list[str]:
        """Return the paths that are next, `count` of them or those that are left, without using them up.

        Raises
        ------
        LoadError
            Fewer are left.
        """
        found = list(islice(self._from(self._asked), count))
        if not found:
            raise LoadError(f"all {self._asked:,} different requests are used up: give more users, or fewer --seconds")
        return found

    def use_up(self, count: int) -> None:
        """Mark the next `count` requests as used."""
        self._asked += count

    def _from(self, position: int) -> Iterator[str]:
        number, skipped = divmod(position, len(self._users))
        for limit in range(FIRST_LIMIT + number, LAST_LIMIT + 1):
            order = np.random.default_rng([self._seed, limit]).permutation(len(self._users))
            for index in order[skipped:]:
                yield f"/recommend/{self._users[index]}?limit={limit}"
            skipped = 0


def check_answers(client: Client, users: Sequence[str]) -> dict[str, int]:
    """Check that answers are personal: by their strategy, and because users get different lists.

    Raises
    ------
    LoadError
        Too many are not.
    """
    lists, personal = set(), 0
    sample = users[:CHECKED]
    for user in sample:
        answer = client.json(f"/recommend/{quote(user)}?limit={FIRST_LIMIT}")
        personal += answer["strategy"] == _PERSONAL
        lists.add(tuple(item["item_id"] for item in answer["items"]))
    found = {"users": len(sample), "personalized": personal, "different_lists": len(lists)}
    if min(personal, len(lists)) < _WANTED_SHARE * len(sample):
        raise LoadError(
            f"of {len(sample)} users {personal} got a {_PERSONAL} answer, and there were {len(lists)} different lists:"
            f" at least {_WANTED_SHARE:.0%} of both are needed for figures that mean something"
        )
    return found
