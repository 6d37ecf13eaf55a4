"""The catalogue in memory: items that changed after the bundle was made, as they are now."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from weakref import WeakValueDictionary

import structlog

from app.errors import DatabaseError
from app.services.state.declared_schema import DeclaredSchema
from app.storage.changes import ChangeStore
from app.storage.items import ItemStore
from app.storage.vectors import unpack
from app.times import now
from models.data.catalogue import AVAILABLE_FROM, AVAILABLE_UNTIL, VECTORS
from models.data.described import described
from models.data.schema import Schema
from models.ranking.live_catalogue import MAX_FIRST_ITEMS, LiveCatalogue

_SECOND = 1_000_000
_MARGIN = _SECOND
"""Changes are read from this long before a moment: clocks differ, and a commit takes time."""
_LONGEST = 3600 * _SECOND
"""A transaction that has just been committed may have begun this long ago: the import of a large catalogue."""
_AT_ONCE = 20
"""Items to apply before the event loop serves other requests."""
_log = structlog.get_logger(__name__)
CatalogueRows = Mapping[str, Mapping[str, Any] | None]


class LiveItems:
    """Keeps live catalogues up to date: the one in use, and the next one while it is loaded.

    Items that this process commits during a read may be missing from its result: they are read again.

    Parameters
    ----------
    items
        The catalogue in SQL.
    changes
        Its change feed.
    schema
        The declared schema, by which attributes are read.
    forget
        Called with each item that changed, to drop what else is kept of it; with None where any may have changed.
    """

    def __init__(
        self,
        items: ItemStore,
        changes: ChangeStore,
        schema: DeclaredSchema,
        forget: Callable[[str | None], None] = lambda _: None,
    ) -> None:
        self._forget = forget
        self._items = items
        self._changes = changes
        self._schema = schema
        self._live: LiveCatalogue | None = None
        self._since = 0
        self._meanwhile: dict[LiveCatalogue, set[str]] = {}
        self._reading = asyncio.Lock()
        self._writing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def writing(self, item_id: str) -> asyncio.Lock:
        """Return the lock to hold while an item is committed and noted, so that both happen in the same order."""
        return self._writing.setdefault(item_id, asyncio.Lock())

    def track(self, live: LiveCatalogue, since: int) -> None:
        """Keep this catalogue up to date from now on; `since` is the moment of the bundle's, in microseconds."""
        self._live = live
        self._since = since
        self._meanwhile = {live: self._meanwhile.get(live, set())}

    async def prepare(self, live: LiveCatalogue, since: int) -> None:
        """Bring a catalogue up to date before it is tracked; without a database it stays as it was in the bundle."""
        self._meanwhile.setdefault(live, set())
        try:
            began = now()
            await self._bring(live, lambda: self._changed_since(since))
            # Once more, for what other processes have changed since.
            await self._bring(live, lambda: self._changed_since(began))
        except DatabaseError as error:
            _log.error("the catalogue is that of the bundle", reason=str(error))

    async def read_again(self) -> None:
        """Read all items again by another schema.

        Raises
        ------
        DatabaseError
            They cannot be read.
        """
        await self.refresh(None)

    async def refresh(self, item_ids: Sequence[str] | None) -> None:
        """Read again what other processes have changed: these items, or any.

        Raises
        ------
        DatabaseError
            They cannot be read.
        """
        if item_ids is None:
            self._forget(None)
        for live in list(self._meanwhile):
            if item_ids is None:
                await self._bring(live, lambda: self._changed_since(self._since))
            else:
                await self._bring(live, lambda: self._items.get_many(item_ids))

    def changed(self, item_id: str, row: Mapping[str, Any] | None) -> None:
        """Apply an item that this process has committed; None if it is deleted."""
        schema = self._schema.current
        self._forget(item_id)
        for live, meanwhile in self._meanwhile.items():
            live.new_vectors.declare(schema.vectors)
            live.apply(item_id, None if row is None else read_item(row, schema))
            meanwhile.add(item_id)

    async def _changed_since(self, moment: int) -> CatalogueRows:
        """Read the items committed since a moment, even if they were written before it."""
        keys = await self._changes.keys_since("items", moment - _MARGIN)
        if keys is None:
            return await self._items.changed_since(max(moment - _LONGEST, 0), MAX_FIRST_ITEMS)
        rows = await self._items.changed_since(max(moment - _MARGIN, 0), MAX_FIRST_ITEMS)
        return rows | await self._items.get_many([key for key in keys if key not in rows])

    async def _bring(self, live: LiveCatalogue, read: Callable[[], Awaitable[CatalogueRows]]) -> None:
        async with self._reading:
            meanwhile = self._meanwhile.setdefault(live, set())
            meanwhile.clear()
            rows = await read()
            while True:
                for item_id in rows:
                    self._forget(item_id)
                await _apply(live, rows, self._schema.current)
                if not meanwhile:
                    return
                again = sorted(meanwhile)
                meanwhile.clear()
                rows = await self._items.get_many(again)


async def _apply(live: LiveCatalogue, rows: CatalogueRows, schema: Schema) -> None:
    live.new_vectors.declare(schema.vectors)
    for number, (item_id, row) in enumerate(rows.items(), 1):
        live.apply(item_id, None if row is None else read_item(row, schema))
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)


def read_item(row: Mapping[str, Any], schema: Schema) -> Mapping[str, Any]:
    """Return the fields of a row as the models take them: moments in seconds, attributes by the schema."""
    fields = dict(row)
    fields[VECTORS] = unpack(fields.get(VECTORS))
    for name in (AVAILABLE_FROM, AVAILABLE_UNTIL):
        if fields.get(name) is not None:
            fields[name] /= _SECOND
    return described(fields, schema.items)
