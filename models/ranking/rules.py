"""Rules on a ranked list: pins, and places for new items."""

from collections.abc import Sequence

import numpy as np

from models.arrays.types import Float32, Int32, Mask, Places


def pin(items: Int32, scores: Float32, pins: Sequence[tuple[int, int]]) -> tuple[Int32, Float32]:
    """Put items at fixed positions; the others keep their order around them.

    Parameters
    ----------
    items, scores
        A ranked list: codes and their scores, best first.
    pins
        Position, from 1 on, and code. A pin beyond the end of the list goes to its next free position.

    Returns
    -------
    tuple
        Codes and scores; an item that was not in the list gets the best score.
    """
    if not pins:
        return items, scores
    known = dict(zip(items.tolist(), scores.tolist(), strict=True))
    top = float(scores[0]) if len(scores) else 0.0
    pinned = {code for _, code in pins}
    found = [code for code in items.tolist() if code not in pinned]
    for position, code in sorted(pins):
        found.insert(position - 1, code)
    return np.array(found, dtype=np.int32), np.array([known.get(code, top) for code in found], dtype=np.float32)


def expose(is_new: Mask, limit: int, share: float) -> Places:
    """Give new items a share of the first `limit` places, evenly spread.

    New items that are there by their own score count towards the share; those that are moved up are the best ranked.

    Parameters
    ----------
    is_new
        Whether the item at each position of the ranked list is new.

    Returns
    -------
    array
        The positions of the ranked list in their new order.
    """
    places = np.arange(len(is_new))
    quota = int(limit * share)
    there = np.flatnonzero(is_new[:limit])
    more = np.flatnonzero(is_new[limit:])[: max(quota - len(there), 0)] + limit
    if not len(more):
        return places
    # The lowest of those that are not new make room: a new one never pushes another one out.
    others = np.setdiff1d(places[:limit], there)
    out = others[len(others) - len(more) :]
    first = np.setdiff1d(places[:limit], out).tolist()
    stretch = limit / len(more)
    for number, place in enumerate(more.tolist(), 1):
        first.insert(int(np.ceil(number * stretch)) - 1, place)
    return np.concatenate([first, out, np.setdiff1d(places[limit:], more)])
