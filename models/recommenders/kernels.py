"""Compiled inner loops of scoring; run as a module, it compiles them into their on-disk cache.

All work on *slots*: the items that a request touches get consecutive positions, so that the cost follows the
user's history and not the size of the catalogue. `slot[item]` is -1 for an item not touched and -2 for an
excluded one; whoever fills it empties it again with `release`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[Any]
COLUMNS = 4
RECENCY, FLAT, LAST, USERS = range(COLUMNS)


@njit(cache=True, nogil=True)
def exclude(slot: Array, items: Array) -> None:
    """Keep items from being touched."""
    for item in items:
        if item >= 0:
            slot[item] = -2


@njit(cache=True, nogil=True)
def release(slot: Array, touched: Array, count: int, excluded: Array) -> None:
    """Give all slots back."""
    for position in range(count):
        slot[touched[position]] = -1
    for item in excluded:
        if item >= 0:
            slot[item] = -1


@njit(cache=True, nogil=True)
def touch(slot: Array, touched: Array, columns: Array, count: int, item: int) -> int:
    """Give one item the next slot, with empty columns, unless it has one or is excluded."""
    if slot[item] == -1:
        slot[item] = count
        touched[count] = item
        columns[:, count] = 0.0
        return count + 1
    return count


@njit(cache=True, nogil=True)
def touch_all(slot: Array, touched: Array, columns: Array, count: int, items: Array) -> int:
    """Give each of some items a slot."""
    for item in items:
        count = touch(slot, touched, columns, count, item)
    return count


@njit(cache=True, nogil=True)
def add_item_neighbours(
    indptr: Array,
    indices: Array,
    values: Array,
    history: Array,
    weights: Array,
    slot: Array,
    touched: Array,
    columns: Array,
    count: int,
) -> int:
    """Sum the similarity rows of a user's items, oldest first: by recency, plainly, and of the last item alone."""
    last = len(history) - 1
    for step in range(len(history)):
        row = history[step]
        weight = weights[step]
        for entry in range(indptr[row], indptr[row + 1]):
            item = indices[entry]
            count = touch(slot, touched, columns, count, item)
            position = slot[item]
            if position >= 0:
                columns[RECENCY, position] += weight * values[entry]
                columns[FLAT, position] += values[entry]
                if step == last:
                    columns[LAST, position] += values[entry]
    return count


@njit(cache=True, nogil=True)
def nearest_users(
    item_indptr: Array,
    item_users: Array,
    user_indptr: Array,
    history: Array,
    itself: int,
    neighbours: int,
    overlap: Array,
    met: Array,
) -> tuple[Array, Array]:
    """Find the users most similar to a history by cosine, best first.

    `overlap` and `met` are buffers of n_users, `overlap` zero everywhere on entry and on return; `itself` (-1 for
    none) is the user's own row, left out.
    """
    count = 0
    for item in history:
        for entry in range(item_indptr[item], item_indptr[item + 1]):
            user = item_users[entry]
            if user != itself:
                if overlap[user] == 0.0:
                    met[count] = user
                    count += 1
                overlap[user] += 1.0
    similarity = np.empty(count, dtype=np.float32)
    for position in range(count):
        user = met[position]
        length = user_indptr[user + 1] - user_indptr[user]
        similarity[position] = overlap[user] / np.sqrt(np.float32(length) * np.float32(len(history)))
        overlap[user] = 0.0
    best = np.argsort(-similarity, kind="mergesort")[:neighbours]
    return met[:count][best], similarity[best]


@njit(cache=True, nogil=True)
def add_user_items(
    user_indptr: Array,
    user_items: Array,
    neighbours: Array,
    similarities: Array,
    slot: Array,
    touched: Array,
    columns: Array,
    count: int,
) -> int:
    """Sum, over the neighbours, their similarity at the items they had."""
    for position in range(len(neighbours)):
        user = neighbours[position]
        for entry in range(user_indptr[user], user_indptr[user + 1]):
            item = user_items[entry]
            count = touch(slot, touched, columns, count, item)
            if slot[item] >= 0:
                columns[USERS, slot[item]] += similarities[position]
    return count


def warm() -> None:
    """Compile every kernel for the array types of the request path."""
    indptr = np.array([0, 1, 1], dtype=np.int64)
    indices = np.zeros(1, dtype=np.int32)
    values = np.ones(1, dtype=np.float32)
    for stored in (indptr, indices, values):
        stored.flags.writeable = False
    history = np.zeros(1, dtype=np.int32)
    slot = np.full(2, -1, dtype=np.int32)
    touched = np.empty(2, dtype=np.int32)
    columns = np.zeros((COLUMNS, 2), dtype=np.float32)
    exclude(slot, history)
    release(slot, touched, 0, history)
    count = touch_all(slot, touched, columns, 0, history)
    count = add_item_neighbours(
        indptr, indices, values, history, np.ones(1, dtype=np.float32), slot, touched, columns, count
    )
    overlap, met = np.zeros(2, dtype=np.float32), np.empty(2, dtype=np.int32)
    found, similarity = nearest_users(indptr, indices, indptr, history, -1, 1, overlap, met)
    count = add_user_items(indptr, indices, found, similarity, slot, touched, columns, count)
    add_user_items(indptr, indices, indices, values, slot, touched, columns, count)


if __name__ == "__main__":
    warm()
