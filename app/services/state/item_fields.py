"""Fields of items beside their ids in answers: the JSON of the latest ones, in bounded memory."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from cachetools import LRUCache

from app.errors import DatabaseError
from app.services.kit.database_timeout import with_timeout
from app.storage.item_filter import ItemFilter
from app.storage.items import ItemStore
from app.times import from_microseconds
from models.data.catalogue import AVAILABLE_FROM, AVAILABLE_UNTIL, CATEGORIES, TAGS
from models.data.columns import ITEM

MAX_BYTES = 64_000_000
"""Bytes of JSON that a process keeps, with what Python adds to each entry."""
_ENTRY_BYTES = 250
_FILLED = 0.75
"""Share of the memory that is filled before anybody asks for an item."""
_PAGE = 1000
_EMPTY: Mapping[str, Any] = {CATEGORIES: [], TAGS: []}
_MOMENTS = (AVAILABLE_FROM, AVAILABLE_UNTIL)
_Key = tuple[tuple[str, ...], str]


class ItemFields:
    """Reads fields of items from SQL, and keeps them until the items change.

    Parameters
    ----------
    items
        The catalogue in SQL.
    max_bytes
        Bytes that are kept, at most; those used least recently are dropped first.
    """

    def __init__(self, items: ItemStore, max_bytes: int = MAX_BYTES) -> None:
        self._items = items
        self._kept: LRUCache[_Key, bytes] = LRUCache(max_bytes, lambda json: len(json) + _ENTRY_BYTES)
        self._names: set[tuple[str, ...]] = set()
        self._loading: list[set[str]] = []
        self._clearings = 0
        self._filling: list[asyncio.Task[None]] = []

    def kept(self, item_ids: Sequence[str], names: tuple[str, ...]) -> list[bytes] | None:
        """Return the JSON of the named fields of each item, without its first brace; None where one must be read."""
        try:
            return [self._kept[names, item_id] for item_id in item_ids]
        except KeyError:
            return None

    async def read(self, item_ids: Sequence[str], names: tuple[str, ...]) -> list[bytes]:
        """Return the JSON of the named fields of each item, without its first brace; fields without a value are null.

        Raises
        ------
        DatabaseError
            The items are not in memory, and cannot be read.
        """
        kept = self.kept(item_ids, names)
        if kept is not None:
            return kept
        found: dict[str, bytes] = {}
        for item_id in item_ids:
            json = self._kept.get((names, item_id))
            if json is not None:
                found[item_id] = json
        changed: set[str] = set()
        clearings = self._clearings
        self._loading.append(changed)
        try:
            missing = [item_id for item_id in item_ids if item_id not in found]
            rows = await with_timeout(self._items.get_many(missing))
        finally:
            self._loading.remove(changed)
        if names not in self._names:
            self._names.add(names)
            self._filling.append(asyncio.create_task(self._fill(names)))
        for item_id in missing:
            found[item_id] = _json(rows.get(item_id) or {}, names)
            if item_id not in changed and clearings == self._clearings:
                self._keep((names, item_id), found[item_id])
        return [found[item_id] for item_id in item_ids]

    async def _fill(self, names: tuple[str, ...]) -> None:
        """Read the fields of the whole catalogue once they were asked for, as far as there is room."""
        changed: set[str] = set()
        clearings, after = self._clearings, None
        self._loading.append(changed)
        try:
            while self._kept.currsize < _FILLED * self._kept.maxsize and clearings == self._clearings:
                rows = await self._items.page(ItemFilter(), after, _PAGE)
                for row in rows:
                    if row[ITEM] not in changed:
                        self._keep((names, row[ITEM]), _json(row, names))
                if len(rows) < _PAGE:
                    return
                after = rows[-1][ITEM]
        except DatabaseError:
            # They are read when they are asked for.
            self._names.discard(names)
        finally:
            self._loading.remove(changed)
            self._filling = [task for task in self._filling if not task.done() and task is not asyncio.current_task()]

    async def close(self) -> None:
        """End what is read in the background."""
        for task in self._filling:
            task.cancel()
        await asyncio.gather(*self._filling, return_exceptions=True)

    def forget(self, item_id: str | None) -> None:
        """Drop what is kept of an item that changed; of all of them where None."""
        if item_id is None:
            self._kept.clear()
            self._clearings += 1
            return
        for names in self._names:
            self._kept.pop((names, item_id), None)
        for changed in self._loading:
            changed.add(item_id)

    def _keep(self, key: _Key, json: bytes) -> None:
        if len(json) + _ENTRY_BYTES <= self._kept.maxsize:
            self._kept[key] = json


def _json(row: Mapping[str, Any], names: tuple[str, ...]) -> bytes:
    fields = {name: row.get(name, _EMPTY.get(name)) for name in names}
    for name in _MOMENTS:
        if fields.get(name) is not None:
            fields[name] = from_microseconds(fields[name])
    # As the API writes moments elsewhere.
    return orjson.dumps(fields, option=orjson.OPT_UTC_Z)[1:]
