"""The catalogue in memory: items that changed after the bundle was made, as they are now."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from app.errors import DatabaseError
from app.storage.items import ItemStore
from app.times import now
from models.data.catalogue import AVAILABLE_FROM, AVAILABLE_UNTIL
from models.ranking.live_catalogue import MAX_ARRIVALS, LiveCatalogue

_SECOND = 1_000_000
_MARGIN = 60 * _SECOND
"""Changes are read from so long before: clocks differ, and what is written takes a while to be committed."""
_AT_ONCE = 20
"""Items between which requests have their turn."""
_log = structlog.get_logger(__name__)


class LiveItems:
    """Brings live catalogues up to date.

    Parameters
    ----------
    items
        The catalogue in SQL.
    """

    def __init__(self, items: ItemStore) -> None:
        self._items = items
        self._live: LiveCatalogue | None = None
        self._since = 0

    def follow(self, live: LiveCatalogue, since: int) -> None:
        """Keep this catalogue up to date from now on; `since` is the moment of the bundle's, in microseconds."""
        self._live = live
        self._since = since

    async def prepare(self, live: LiveCatalogue, since: int) -> None:
        """Bring a catalogue up to date before it is used; without a database it stays as it was in the bundle."""
        try:
            began = now()
            await _apply(live, await self._items.changed_since(max(since - _MARGIN, 0), MAX_ARRIVALS))
            # Once more, for what came meanwhile.
            await _apply(live, await self._items.changed_since(began - _MARGIN, MAX_ARRIVALS))
        except DatabaseError as error:
            _log.error("the catalogue is that of the bundle", reason=str(error))

    async def refresh(self, item_ids: Sequence[str] | None) -> None:
        """Read anew what other processes have changed: these items, or any.

        Raises
        ------
        DatabaseError
            They cannot be read.
        """
        live = self._live
        if live is None:
            return
        if item_ids is None:
            await _apply(live, await self._items.changed_since(max(self._since - _MARGIN, 0), MAX_ARRIVALS))
        else:
            await _apply(live, await self._items.get_many(item_ids))

    def changed(self, item_id: str, row: Mapping[str, Any] | None) -> None:
        """Take note of an item that this process has committed; None where it is deleted."""
        if self._live is not None:
            self._live.apply(item_id, None if row is None else _fields(row))


async def _apply(live: LiveCatalogue, rows: Mapping[str, Mapping[str, Any] | None]) -> None:
    for number, (item_id, row) in enumerate(rows.items(), 1):
        live.apply(item_id, None if row is None else _fields(row))
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0)


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Give the fields of a row with its moments in seconds."""
    fields = dict(row)
    for name in (AVAILABLE_FROM, AVAILABLE_UNTIL):
        if fields.get(name) is not None:
            fields[name] /= _SECOND
    return fields
