"""Descriptions compared before the first bundle: the catalogue alone says what is alike."""

import asyncio
import time
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from app.services.kit.database_timeout import with_timeout
from app.storage.items import ItemStore
from models.arrays.types import Float32, Int32
from models.data.codes import find
from models.data.columns import ITEM
from models.ranking.candidate_generation import NOTHING
from models.ranking.live_catalogue import MAX_NEW_ITEMS, LiveCatalogue
from models.recommenders.content import Content
from models.similar.config import SimilarConfig
from models.similar.similar_items import alike_by_content

_PATIENCE = 10.0
"""After a comparison of all items, changes wait for this many times as long as it took."""
_NONE = NOTHING, np.empty(0, dtype=np.float32)


@dataclass(frozen=True)
class _Compared:
    """A catalogue with the likeness of its descriptions, at a version of the live one."""

    live: LiveCatalogue
    version: int
    item_ids: np.ndarray[tuple[int], np.dtype[np.bytes_]]
    content: Content
    again_at: float


class CatalogueContent:
    """Compares the descriptions of a catalogue of which no bundle knows, at most 50,000 items.

    Parameters
    ----------
    items
        The catalogue in SQL.
    """

    def __init__(self, items: ItemStore) -> None:
        self._items = items
        self._compared: _Compared | None = None
        self._comparing = asyncio.Lock()

    async def alike(self, live: LiveCatalogue, item_id: str) -> tuple[Int32, Float32]:
        """Return the codes of the items whose descriptions are like that of an item, and how alike they are.

        Raises
        ------
        DatabaseError
            The catalogue cannot be read.
        """
        if not 0 < len(live) < MAX_NEW_ITEMS:
            return _NONE
        async with self._comparing:
            compared = await self._current(live)
        if compared is None:
            return _NONE
        code = int(find(compared.item_ids, [item_id])[0])
        if code >= 0:
            items, scores = compared.content.rows.row(code)
        else:
            row = await with_timeout(self._items.get(item_id))
            items, scores = _NONE if row is None else compared.content.neighbours_of(row)
        codes = live.codes([name.decode() for name in compared.item_ids[items].tolist()])
        keep = (codes >= 0) & (scores > 0)
        return codes[keep], scores[keep]

    async def _current(self, live: LiveCatalogue) -> _Compared | None:
        """Compare again if items have changed since, and the last time is long enough ago."""
        last = self._compared
        same = last is not None and last.live is live
        if last is not None and same and (last.version == live.version or time.monotonic() < last.again_at):
            return last
        version, began = live.version, time.monotonic()
        table = await with_timeout(self._items.table())
        if table is None or not table.num_rows:
            return None
        item_ids, content = await asyncio.to_thread(_compare, table)
        now = time.monotonic()
        self._compared = _Compared(live, version, item_ids, content, now + _PATIENCE * (now - began))
        return self._compared


def _compare(table: pa.Table) -> tuple[np.ndarray[tuple[int], np.dtype[np.bytes_]], Content]:
    item_ids = np.unique(np.array([name.encode() for name in table[ITEM].to_pylist()], dtype=np.bytes_))
    return item_ids, alike_by_content(item_ids, table, SimilarConfig())
