"""Erased users: users of the training data that a bundle must not show any more, and whose data it loses."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.arrays.sparse_rows import SparseRows
from models.arrays.types import Ids, Int32
from models.bundle.loader import Bundle
from models.data.codes import find
from models.ranking.ranker import Ranker
from models.recommenders.user_knn import UserKNN

USER_IDS = "user_ids"
_NOBODY = np.empty(0, dtype=np.int32)


def hide_users(ranker: Ranker, user_ids: Sequence[str]) -> None:
    """Leave users out of all neighbours; ids that the bundle does not know are ignored.

    Their interactions still count in similarities of items and in popularity, where single users cannot be recognised.
    """
    rows = find(ranker.user_ids, list(user_ids))
    for part in (*ranker.retriever.recommenders, *ranker.recommenders.values()):
        if isinstance(part, UserKNN):
            part.leave_out(rows[rows >= 0])


def holds(user_ids: Ids, wanted: Sequence[str]) -> list[str]:
    """Return those of some ids that a bundle has, by its array of ids."""
    return [one for one, row in zip(wanted, find(user_ids, wanted).tolist(), strict=True) if row >= 0]


def arrays_without(bundle: Bundle, user_ids: Sequence[str]) -> dict[str, npt.NDArray[np.generic]]:
    """Return the arrays of a bundle that change where it loses users: their ids, histories, neighbours.

    Everybody else keeps the number of their row. A lost row repeats the id before it, so that ids still ascend and a
    search finds the first of the equal ones, which is whose id it is.

    Returns
    -------
    dict
        Arrays by name; empty where the bundle has none of these users.
    """
    ids: npt.NDArray[np.bytes_] = np.array(bundle.arrays[USER_IDS], dtype=bundle.arrays[USER_IDS].dtype)
    gone = np.isin(ids, np.array([one.encode() for one in user_ids], dtype=np.bytes_))
    rows: Int32 = np.flatnonzero(gone).astype(np.int32)
    if not len(rows):
        return {}
    for row in rows.tolist():
        ids[row] = ids[row - 1] if row else b""
    found: dict[str, npt.NDArray[np.generic]] = {USER_IDS: ids}
    (name,) = UserKNN.signals
    for part, of_rows, of_columns in (
        (name, rows, rows),
        (f"{name}_histories", rows, _NOBODY),
        (f"{name}_item_users", _NOBODY, rows),
    ):
        if f"{part}_indptr" in bundle.arrays:
            found |= SparseRows.load(bundle, part).without(of_rows, of_columns).arrays(part)
    return found
