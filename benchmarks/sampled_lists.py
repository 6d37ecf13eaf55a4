"""Makes data sets with a `candidates` file: one test item of each user among sampled items (He et al. 2017)."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.data.columns import ITEM, TIMESTAMP, USER
from models.data.errors import DataSetError
from models.data.folder import DataSet

NEGATIVES = 99
_FEWEST = 3
"""Users with fewer items are only trained on, as under leave-last-out."""

_Codes = npt.NDArray[np.int64]


def one_among_sampled(dataset: DataSet, *, negatives: int = NEGATIVES, seed: int = 0) -> DataSet:
    """Hold out one item of each user, and list it with random items that the user did not have.

    The item is a random one of the data set's own test, where there is one; otherwise the last by `timestamp` (of equal
    times the last in the file), or a random one without times. It is removed from the interactions.

    Raises
    ------
    DataSetError
        No user has a test item that is new to them.
    """
    rng = np.random.default_rng(seed)
    rows, given = dataset.interactions, dataset.test
    user_names, users = _encoded(rows[USER], None if given is None else given[USER])
    item_names, items = _encoded(rows[ITEM], None if given is None else given[ITEM])
    known, width = rows.num_rows, len(item_names)
    pairs = users * width + items
    had = np.unique(pairs[:known])
    if given is not None:
        asked = np.setdiff1d(pairs[known:], had)
        asked = asked[np.isin(asked // width, users[:known])]
        held = _one_of_each(asked, width, rng.random(len(asked)))
    elif TIMESTAMP in rows.column_names:
        times = rows[TIMESTAMP].to_numpy()
        order = np.lexsort((np.arange(known), times))
        held = _last_of_each(pairs[order], width)
    else:
        held = _one_of_each(had, width, rng.random(len(had)))
    if given is None:
        lengths = np.bincount(had // width, minlength=len(user_names))
        held = held[lengths[held // width] >= _FEWEST]
    if not len(held):
        raise DataSetError("no user has a test item that is new to them")
    listed = _with_negatives(held, np.unique(pairs), width, negatives, rng)
    left = rows if given is not None else rows.filter(pa.array(~np.isin(pairs, held)))

    def table(found: _Codes) -> pa.Table:
        return pa.table(
            {USER: user_names.take(pa.array(found // width)), ITEM: item_names.take(pa.array(found % width))}
        )

    return replace(dataset, interactions=left, test=table(held), candidates=table(listed))


def _encoded(column: pa.ChunkedArray, more: pa.ChunkedArray | None) -> tuple[pa.Array, _Codes]:
    whole = column if more is None else pa.chunked_array([*column.chunks, *more.cast(column.type).chunks])
    encoded = whole.combine_chunks().dictionary_encode()
    return encoded.dictionary, encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _one_of_each(pairs: _Codes, width: int, noise: npt.NDArray[np.float64]) -> _Codes:
    """Choose for each user the pair with the greatest noise."""
    return _last_of_each(pairs[np.argsort(noise, kind="stable")], width)


def _last_of_each(pairs: _Codes, width: int) -> _Codes:
    """Choose the last pair of each user, by user."""
    _, place = np.unique(pairs[::-1] // width, return_index=True)
    return pairs[::-1][place]


def _with_negatives(held: _Codes, all_pairs: _Codes, width: int, negatives: int, rng: np.random.Generator) -> _Codes:
    """Add to each user's test item random items of which the user had none, in the history or in the test."""
    owners = all_pairs // width
    listed = []
    for pair in held.tolist():
        user = pair // width
        own = all_pairs[np.searchsorted(owners, user) : np.searchsorted(owners, user, side="right")] % width
        free = np.ones(width, dtype=np.bool_)
        free[own] = False
        others = np.flatnonzero(free)
        drawn = rng.choice(others, min(negatives, len(others)), replace=False)
        listed.append(user * width + np.append(drawn, pair % width))
    return np.concatenate(listed)
