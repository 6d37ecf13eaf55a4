"""Kinds of lists: besides generated ones, lists of sampled items as given candidates, and lists cut by a category."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from models.arrays.types import Ids, Int32, Mask
from models.data.catalogue import CATEGORIES, known_rows, labels_of
from models.data.holdout import Holdout, Ragged
from models.evaluation.requests import request_of
from models.ranking.candidates import Candidates, ListKind
from models.ranking.parallel import in_parallel
from models.ranking.retriever import Retriever

SAMPLED = 99
"""Random items beside each target in a list of given candidates, as in He et al. 2017."""
MAX_USERS = 2000
MIN_USERS = 20
"""Fewest users that a kind of list is measured on."""
MIN_ITEMS = 20
"""Fewest items of a category that a list is cut by."""


@dataclass(frozen=True)
class ListsOfKind:
    """Held-out users with a target each, and the lists of one kind in which it is looked for.

    Where the lists are cut, `category` is the category of each user's list, a row of `members`, its items.
    """

    kind: ListKind
    holdout: Holdout
    category: Int32 | None = None
    members: Ragged | None = None

    def generate(self, retriever: Retriever, *, top_only: bool = True) -> list[Candidates]:
        """Generate the candidates of every list; see `CandidateQuery` for `top_only`."""

        def one(own: tuple[Retriever, ...], row: int) -> Candidates:
            return own[0].retrieve(*request_of(self.holdout, row, wanted=self._wanted(row), top_only=top_only))

        return list(in_parallel((retriever,), len(self.holdout.users), one))

    def _wanted(self, row: int) -> Mask | None:
        if self.category is None or self.members is None:
            return None
        wanted = np.zeros(self.holdout.source.n_items, dtype=np.bool_)
        wanted[self.members.row(int(self.category[row]))] = True
        return wanted


def lists_by_kind(
    holdout: Holdout, catalogue: pa.Table | None, *, most: int = MAX_USERS, seed: int
) -> list[ListsOfKind]:
    """Make the lists that a plain request does not give: given candidates, and those cut by a category.

    A list of given candidates holds one target and random items that the user does not know. A list is cut by a
    category of its target; there are none where the catalogue has no categories. Kinds with few users are left out.
    """
    rng = np.random.default_rng(seed)
    sample = replace(holdout.sample(most, seed), candidates=None)
    targets = Ragged(
        np.arange(len(sample.users) + 1),
        np.array([rng.choice(sample.targets.row(row)) for row in range(len(sample.users))], dtype=np.int32),
    )
    found = [_given(sample, targets, rng), _filtered(replace(sample, targets=targets), catalogue, rng)]
    return [lists for lists in found if lists is not None and len(lists.holdout.users) >= MIN_USERS]


def _given(sample: Holdout, targets: Ragged, rng: np.random.Generator) -> ListsOfKind:
    lists = []
    for row in range(len(sample.users)):
        free = np.ones(sample.source.n_items, dtype=np.bool_)
        free[sample.targets.row(row)] = False
        free[sample.history(row).items] = False
        others = np.flatnonzero(free).astype(np.int32)
        drawn = rng.choice(others, min(SAMPLED, len(others)), replace=False)
        lists.append(np.append(drawn, targets.row(row)))
    return ListsOfKind("given", replace(sample, targets=targets, candidates=_ragged(lists)))


def _filtered(sample: Holdout, catalogue: pa.Table | None, rng: np.random.Generator) -> ListsOfKind | None:
    categories = _categories(catalogue, sample.source.item_ids)
    if not categories:
        return None
    of_item: dict[int, list[int]] = {}
    for number, items in enumerate(categories):
        for item in items.tolist():
            of_item.setdefault(item, []).append(number)
    targets = sample.target_items.tolist()
    rows = np.array([row for row, target in enumerate(targets) if target in of_item], dtype=np.int64)
    chosen = np.array([rng.choice(of_item[targets[row]]) for row in rows], dtype=np.int32)
    return ListsOfKind("filtered", sample.take(rows), chosen, _ragged(categories))


def _categories(catalogue: pa.Table | None, item_ids: Ids) -> list[Int32]:
    """Return the items of each category that has enough of them, and leaves others out."""
    if catalogue is None or CATEGORIES not in catalogue.column_names:
        return []
    members: dict[str, list[int]] = {}
    for code, item in known_rows(catalogue, item_ids):
        for name in set(labels_of(item[CATEGORIES])):
            members.setdefault(name, []).append(code)
    every = [np.array(sorted(codes), dtype=np.int32) for _, codes in sorted(members.items())]
    return [codes for codes in every if MIN_ITEMS <= len(codes) < len(item_ids)]


def _ragged(lists: list[Int32]) -> Ragged:
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in lists])]).astype(np.int64)
    return Ragged(offsets, np.concatenate([np.empty(0, dtype=np.int32), *lists]))
