"""The current catalogue: that of the bundle with the changes since."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from cachetools import LRUCache

from models.arrays.types import Float32, Ids, Int32, Mask
from models.data.catalogue import AVAILABLE_FROM, AVAILABLE_UNTIL, HIDDEN, PREFIX, Scalar, flag_of, moment_of
from models.data.codes import find
from models.filters.knowledge import Knowledge
from models.filters.matching import available
from models.filters.predicate import ItemValues, fields_of, has_field, meets, satisfaction, values_in, values_of
from models.filters.preferences import Preference
from models.filters.requirements import Filter
from models.ranking.new_items import NewItems
from models.ranking.new_vectors import NewVectors
from models.recommenders.content import Content
from models.recommenders.vectors import Vectors

MAX_NEW_ITEMS = 50_000
"""New items that a process keeps in addition to the bundle's; further ones wait for the next bundle."""
MAX_FIRST_ITEMS = 200_000
"""Items that a process keeps before the first bundle."""
MAX_DESCRIBED = 2_000
"""New items that are recommended by their content: each request scores all of them."""
_MASK_BYTES = 32_000_000
_MAX_LOG = 100_000
_NEAR = 3
_MAX_MASKS = 256


class LiveCatalogue:
    """Holds the present state of every item; new items have the codes that follow those of the bundle.

    Changes take effect at once, at a cost that does not grow with the catalogue. Not thread-safe.

    Parameters
    ----------
    knowledge
        The bundle's encoded catalogue; an empty one without a bundle.
    content
        The bundle's content-based recommender, which finds the neighbours of new items.
    alike
        What compares the descriptions of similar items; `content` in bundles that have nothing of their own for it.
    vectors
        The bundle's recommender that compares vectors, if it has one.
    """

    def __init__(
        self,
        knowledge: Knowledge,
        content: Content | None = None,
        alike: Content | None = None,
        vectors: Vectors | None = None,
    ) -> None:
        self.item_ids: Ids = knowledge.item_ids
        self.knowledge = knowledge
        self.n_items = len(self.item_ids)
        vectors = None if vectors is None or vectors.empty else vectors
        self.most_new = MAX_NEW_ITEMS if self.n_items else MAX_FIRST_ITEMS
        self.size = self.n_items + self.most_new
        self.new_items = NewItems(content, self.n_items, self.most_new, vectors)
        self.alike = self.new_items if alike is None else NewItems(alike, self.n_items, self.most_new)
        self.new_vectors = NewVectors(self.n_items, None if vectors is None else vectors.items)
        self.version = 0
        self.blocked: Mask = np.zeros(self.size, dtype=np.bool_)
        self._new_item_ids: list[str] = []
        self._new_item_codes: dict[str, int] = {}
        self._deleted: set[str] = set()
        self._changed: dict[int, ItemValues | None] = {}
        self._windows: dict[int, tuple[float, float]] = {}
        self._log: list[int] = []
        self._masks: LRUCache[str, tuple[Mask, int]] = LRUCache(max(min(_MASK_BYTES // self.size, _MAX_MASKS), 2))
        self._decided_at = np.inf
        self._next_moment = -np.inf
        self._pending: list[int] = []

    def __len__(self) -> int:
        return self.n_items + len(self._new_item_ids)

    def codes(self, ids: Sequence[str]) -> Int32:
        """Return the codes of items, int32; -1 for those that are not known."""
        found = find(self.item_ids, ids)
        if self._new_item_codes:
            for place in np.flatnonzero(found < 0).tolist():
                found[place] = self._new_item_codes.get(ids[place], -1)
        return found

    def known_codes(self, ids: Sequence[str]) -> Int32:
        """Return the codes of those items that are known."""
        found = self.codes(ids)
        return found[found >= 0]

    def ids(self, codes: Int32) -> list[str]:
        """Return the ids of items."""
        if len(codes) and codes.max() < self.n_items:
            return [name.decode() for name in self.item_ids[codes].tolist()]
        return [self.item_id(code) for code in codes.tolist()]

    def item_id(self, code: int) -> str:
        """Return the id of an item."""
        if code < self.n_items:
            name: bytes = self.item_ids[code]
            return name.decode()
        return self._new_item_ids[code - self.n_items]

    def apply(self, item_id: str, fields: Mapping[str, Any] | None) -> None:
        """Apply a change of an item; None where it was deleted.

        The next `update_availability` decides whether it is available.
        """
        code = int(self.codes([item_id])[0])
        if code < 0:
            if fields is None:
                self._deleted.add(item_id)
                return
            self._deleted.discard(item_id)
            if len(self._new_item_ids) == self.most_new:
                return
            code = len(self)
            self._new_item_ids.append(item_id)
            self._new_item_codes[item_id] = code
        self._changed[code] = None if fields is None else values_of(item_id, fields)
        self._windows[code] = _window(fields)
        if code >= self.n_items:
            self.new_vectors.put(code, fields)
        if code >= self.n_items and code - self.n_items < MAX_DESCRIBED:
            self.new_items.describe(code, fields)
            if self.alike is not self.new_items:
                self.alike.describe(code, fields)
        self._log.append(code)
        if len(self._log) > _MAX_LOG:
            self._log.clear()
            self._masks.clear()
        self._pending.append(code)

    def assign_codes(self, ids: Sequence[str]) -> None:
        """Assign codes to items of which only the id is known; not to those that were deleted."""
        for item_id, code in zip(ids, self.codes(ids).tolist(), strict=True):
            if code < 0 and item_id not in self._deleted and len(self._new_item_ids) < self.most_new:
                self._new_item_codes[item_id] = len(self)
                self._new_item_ids.append(item_id)

    def update_availability(self, now: float) -> tuple[Int32, Int32]:
        """Decide which items may be shown at a moment, in seconds since 1970.

        Returns
        -------
        tuple
            Codes of the bundle's items that may no longer be shown, and of those that may be shown again.
        """
        if self._decided_at <= now < self._next_moment:
            return self._update_changed(now) if self._pending else (_NONE, _NONE)
        self._pending.clear()
        self._decided_at = now
        blocked = np.zeros(self.size, dtype=np.bool_)
        later = [np.inf]
        blocked[: self.n_items] = ~available(self.n_items, self.knowledge.index, now)
        for name in (AVAILABLE_FROM, AVAILABLE_UNTIL):
            moments, _ = self.knowledge.index.numbers_of(name)
            later.extend(moments[np.searchsorted(moments, now, side="right") :][:1].tolist())
        for code, (start, end) in self._windows.items():
            blocked[code] = not start <= now < end
            later.extend(moment for moment in (start, end) if moment > now)
        self._next_moment = min(later)
        changed = np.flatnonzero(blocked != self.blocked).astype(np.int32)
        self.blocked = blocked
        return self._split(changed)

    def _update_changed(self, now: float) -> tuple[Int32, Int32]:
        """Decide again for the items that changed since the last call only."""
        changed = []
        for code in dict.fromkeys(self._pending):
            start, end = self._windows[code]
            blocked = not start <= now < end
            self._next_moment = min(self._next_moment, *(moment for moment in (start, end) if moment > now), np.inf)
            if blocked != self.blocked[code]:
                self.blocked[code] = blocked
                changed.append(code)
        self._pending.clear()
        return self._split(np.array(changed, dtype=np.int32))

    def _split(self, changed: Int32) -> tuple[Int32, Int32]:
        """Block and unblock the new items among those that changed; return the codes of the others, blocked first."""
        self.version += 1
        blocked = self.blocked
        new = changed[changed >= self.n_items]
        self.new_items.block(new[blocked[new]], blocked=True)
        self.new_items.block(new[~blocked[new]], blocked=False)
        known = changed[changed < self.n_items]
        return known[blocked[known]], known[~blocked[known]]

    def mask(self, node: Filter) -> Mask:
        """Return for every code whether the item meets a filter, bool; the array must not be changed."""
        # Not by the filter itself: true equals 1 in Python.
        key = node.model_dump_json(exclude_none=True)
        found, seen = self._masks.get(key, (None, 0))
        if found is None:
            found = np.zeros(self.size, dtype=np.bool_)
            found[: self.n_items] = self.knowledge.mask(node)
            pending = list(self._changed)
        else:
            pending = self._log[seen:]
        for code in pending:
            values = self._changed[code]
            found[code] = values is not None and meets(node, values)
        self._masks[key] = (found, len(self._log))
        return found

    def satisfaction(self, preferences: Sequence[Preference]) -> Float32:
        """Return the weighted mean of how well each item meets preferences, 0 to 1, float32, a place for each code."""
        scores = np.zeros(self.size, dtype=np.float32)
        scores[: self.n_items] = self.knowledge.score(preferences)
        total = sum(query.weight for query in preferences)
        share = self.knowledge.config.tolerance
        for code, values in self._changed.items():
            parts = () if values is None else (w.weight * satisfaction(w, values, share) for w in preferences)
            scores[code] = sum(parts) / total
        return scores

    def unknown_fields(self, node: Filter) -> list[str]:
        """Return the fields of a filter that no item has."""
        names = self.knowledge.unknown_fields(node)
        if not names:
            return []
        changed = [values for values in self._changed.values() if values is not None]
        return [name for name in names if not any(has_field(values, name, below=True) for values in changed)]

    def values_of(self, code: int, field: str) -> Sequence[Scalar]:
        """Return the values that an item has of a field: texts, booleans and numbers; none for an unknown code."""
        if code in self._changed:
            values = self._changed[code]
            return [] if values is None else values_in(values, field)
        return self.knowledge.index.values_of(field, code) if 0 <= code < self.n_items else []

    def near_fields(self, name: str) -> list[str]:
        """Return the fields that some item has and whose names are like another, the most alike first."""
        fields = self.knowledge.index.fields
        known = {fields[code] for code in range(len(fields))}
        for values in self._changed.values():
            known |= set() if values is None else fields_of(values)
        # What all attributes begin with makes none of them alike.
        plain = {field.removeprefix(PREFIX): field for field in sorted(known)}
        return [plain[near] for near in get_close_matches(name.removeprefix(PREFIX), plain, n=_NEAR)]


def _window(fields: Mapping[str, Any] | None) -> tuple[float, float]:
    """Return the moments from which and until which an item may be shown."""
    if fields is None or flag_of(fields.get(HIDDEN)):
        return np.inf, np.inf
    start, end = (moment_of(fields.get(name)) for name in (AVAILABLE_FROM, AVAILABLE_UNTIL))
    return -np.inf if start is None else start, np.inf if end is None else end


_NONE = np.empty(0, dtype=np.int32)
