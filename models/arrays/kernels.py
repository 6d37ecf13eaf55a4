"""Kernels over arrays: the largest scores, the first items of an order, and terms in a vocabulary."""

import numpy as np

from models.arrays.compiled import BOOLS, BYTES, FLOAT32S, INT, INT32S, INT64S, helper, kernel
from models.arrays.types import Float32, Int32, Int64, Mask, UInt8


@helper()
def _ordered(bits: int) -> int:
    """Map the bits of a float32 to an unsigned integer with the same order."""
    return (bits ^ ((bits >> 31) & 0x7FFFFFFF)) + 0x80000000


@kernel(FLOAT32S, INT)
def largest(scores: Float32, count: int) -> Int32:
    """Find the places of the largest values, in no order; of equal values those that come first.

    A radix selection. Each pass counts the values by their next bits; only values with the same leading bits as the
    smallest wanted one are read again. It takes three passes at most, whatever the values are.
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


@kernel(INT32S, FLOAT32S, BOOLS, INT)
def first_above_zero(order: Int32, scores: Float32, barred: Mask, count: int) -> Int32:
    """Find the first items of an order that are not excluded, at most `count`.

    `order` has falling scores: the search ends at the first score that is not above 0.
    """
    found = np.empty(count, dtype=np.int32)
    kept = 0
    for item in order:
        if kept == count or not scores[item] > 0:
            break
        if not barred[item]:
            found[kept] = item
            kept += 1
    return found[:kept]


@kernel(BYTES, INT64S, BYTES, INT64S)
def find_terms(text: UInt8, offsets: Int64, wanted: UInt8, wanted_offsets: Int64) -> Int32:
    """Look up byte strings in a sorted list of them, by bisection; -1 where one is missing.

    String s of either list is `text[offsets[s]:offsets[s + 1]]`.
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
