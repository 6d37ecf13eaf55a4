"""Compiled inner loops over arrays: the largest scores, the first of an order, and terms in a vocabulary."""

import numpy as np
from numba import njit

from models.arrays.types import Array


@njit(cache=True, nogil=True)
def largest(scores: Array, count: int) -> Array:
    """Find the places of the largest float32 values, in no order; of equal ones those that come first.

    A selection by radix: each pass counts how many values share their next bits, and only those that share the bits
    of the last one wanted are looked at again. Whatever the values are, it takes three passes.
    """
    count = min(count, len(scores))
    bits = scores.view(np.int32)
    found = np.empty(count, dtype=np.int32)
    places = np.arange(len(scores), dtype=np.int32)
    number = 0
    for shift in (21, 10, 0):
        mask = 0x7FF if shift else 0x3FF
        tally = np.zeros(mask + 1, dtype=np.int32)
        for place in places:
            tally[((_ordered(bits[place])) >> shift) & mask] += 1
        last, above = mask, number
        while above + tally[last] < count:
            above += tally[last]
            last -= 1
        kept = 0
        for place in places:
            key = ((_ordered(bits[place])) >> shift) & mask
            if key > last:
                found[number] = place
                number += 1
            elif key == last:
                places[kept] = place
                kept += 1
        places = places[:kept]
        if number + kept == count:
            break
    found[number:] = places[: count - number]
    return found


@njit(cache=True, nogil=True)
def _ordered(bits: int) -> int:
    """Map the bits of a float32 to a number from 0 on, in the order of the floats."""
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)) + 0x80000000


@njit(cache=True, nogil=True)
def first_positive(order: Array, scores: Array, barred: Array, count: int) -> Array:
    """Find the first items of an order that are not barred, down to the first whose score is not above 0."""
    found = np.empty(count, dtype=np.int32)
    kept = 0
    for item in order:
        if kept == count or not scores[item] > 0:
            break
        if not barred[item]:
            found[kept] = item
            kept += 1
    return found[:kept]


@njit(cache=True, nogil=True)
def find_terms(text: Array, offsets: Array, wanted: Array, wanted_offsets: Array) -> Array:
    """Look up byte strings among sorted ones, by bisection; -1 for those that are not there.

    String s of either side is `text[offsets[s]:offsets[s + 1]]`.
    """
    found = np.full(len(wanted_offsets) - 1, -1, dtype=np.int32)
    for term in range(len(found)):
        start, stop = wanted_offsets[term], wanted_offsets[term + 1]
        low, high = 0, len(offsets) - 1
        while low < high:
            middle = (low + high) // 2
            begin, end = offsets[middle], offsets[middle + 1]
            shared, common = 0, min(end - begin, stop - start)
            while shared < common and text[begin + shared] == wanted[start + shared]:
                shared += 1
            if shared < common:
                before = text[begin + shared] < wanted[start + shared]
            elif end - begin == stop - start:
                found[term] = middle
                break
            else:
                before = end - begin < stop - start
            if before:
                low = middle + 1
            else:
                high = middle
    return found
