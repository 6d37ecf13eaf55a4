"""Descriptions compared before the first bundle: the catalogue alone says what is alike."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from app.errors import DatabaseError
from app.services.kit.database_timeout import with_timeout
from app.services.state.declared_schema import DeclaredSchema
from app.services.state.live_items import read_item
from app.storage.items import ItemStore
from models.arrays.types import Float32, Int32
from models.data.codes import find
from models.data.columns import ITEM
from models.data.described import describe
from models.data.schema import Schema
from models.ranking.candidate_generation import NOTHING
from models.ranking.live_catalogue import MAX_NEW_ITEMS, LiveCatalogue
from models.recommenders.content import Content
from models.similar.config import SimilarConfig
from models.similar.field_terms import FieldTerms
from models.similar.similar_items import alike_by_content

_PATIENCE = 10.0
"""After a comparison of all items, changes wait for this many times as long as it took."""
_COMPARED_AT_ONCE = 2000
"""Items whose comparison a list waits for."""
_NEAREST = 200
"""Nearest vectors of an item that are compared by their fields too."""
_NONE = NOTHING, np.empty(0, dtype=np.float32)


@dataclass(frozen=True)
class _Compared:
    """A catalogue with the likeness of its descriptions, at a version of the live one."""

    live: LiveCatalogue
    version: int
    item_ids: np.ndarray[tuple[int], np.dtype[np.bytes_]]
    content: Content
    again_at: float

    @property
    def vector_share(self) -> float:
        """The weight of vectors beside descriptions."""
        terms = self.content.terms
        return terms.vector_share if isinstance(terms, FieldTerms) and len(terms.idf) else 1.0


class CatalogueContent:
    """Compares the items of a catalogue of which no bundle knows.

    Vectors are compared as they are now. Descriptions, of at most 50,000 items, are compared anew after changes, while
    requests are answered by the comparison before.

    Parameters
    ----------
    items
        The catalogue in SQL.
    schema
        The declared schema.
    """

    def __init__(self, items: ItemStore, schema: DeclaredSchema) -> None:
        self._items = items
        self._schema = schema
        self._compared: _Compared | None = None
        self._comparing = asyncio.Lock()
        self._again: asyncio.Task[None] | None = None

    async def alike(self, live: LiveCatalogue, item_id: str) -> tuple[Int32, Float32]:
        """Return the codes of the items whose descriptions and vectors are like those of an item, and how alike.

        Raises
        ------
        DatabaseError
            The catalogue cannot be read.
        """
        compared = await self._current(live) if 0 < len(live) < MAX_NEW_ITEMS else None
        found = _NONE if compared is None else await self._by_fields(live, compared, item_id)
        near, cosines = self.nearest(live, item_id)
        if not len(near):
            return found
        share = 1.0 if compared is None else compared.vector_share
        items, place = np.unique(np.concatenate([near, found[0]]), return_inverse=True)
        scores = np.zeros(len(items), dtype=np.float32)
        np.add.at(scores, place[: len(near)], np.float32(share) * cosines)
        np.add.at(scores, place[len(near) :], np.float32(1 - share) * found[1])
        return items, scores

    async def alike_by_now(self, live: LiveCatalogue, item_id: str) -> tuple[Int32, Float32]:
        """Return what `alike` does, but do not wait until a large catalogue has been compared for the first time.

        Raises
        ------
        DatabaseError
            The catalogue cannot be read.
        """
        known = self._compared is not None and self._compared.live is live
        if known or len(live) <= _COMPARED_AT_ONCE:
            return await self.alike(live, item_id)
        if self._again is None or self._again.done():
            self._again = asyncio.create_task(self._compare_again(live))
        return self.nearest(live, item_id)

    def nearest(self, live: LiveCatalogue, item_id: str) -> tuple[Int32, Float32]:
        """Return the codes of the items with the nearest vectors, and their cosines, the nearest first."""
        return live.new_vectors.nearest(int(live.codes([item_id])[0]), _NEAREST)

    async def _by_fields(self, live: LiveCatalogue, compared: _Compared, item_id: str) -> tuple[Int32, Float32]:
        code = int(find(compared.item_ids, [item_id])[0])
        if code >= 0:
            items, scores = compared.content.rows.row(code)
        else:
            row = await with_timeout(self._items.get(item_id))
            described = None if row is None else read_item(row, self._schema.current)
            items, scores = _NONE if described is None else compared.content.neighbours_of(described)
        codes = live.codes([name.decode() for name in compared.item_ids[items].tolist()])
        keep = (codes >= 0) & (scores > 0)
        return codes[keep], scores[keep]

    async def _current(self, live: LiveCatalogue) -> _Compared | None:
        """Return the last comparison; if items have changed since, compare again once it is long enough ago."""
        last = self._compared
        if last is None or last.live is not live:
            async with self._comparing:
                if self._compared is last:
                    await self._compare(live)
            return self._compared
        idle = self._again is None or self._again.done()
        if last.version != live.version and time.monotonic() >= last.again_at and idle:
            self._again = asyncio.create_task(self._compare_again(live))
        return last

    async def _compare_again(self, live: LiveCatalogue) -> None:
        # The comparison before stays where the database does not answer.
        with suppress(DatabaseError):
            await self._compare(live)

    async def _compare(self, live: LiveCatalogue) -> None:
        version, began, schema = live.version, time.monotonic(), self._schema.current
        table = await with_timeout(self._items.table(vectors=False))
        if table is None or not table.num_rows:
            self._compared = None
            return
        item_ids, content = await asyncio.to_thread(_compared, table, schema)
        now = time.monotonic()
        self._compared = _Compared(live, version, item_ids, content, now + _PATIENCE * (now - began))


def _compared(table: pa.Table, schema: Schema) -> tuple[np.ndarray[tuple[int], np.dtype[np.bytes_]], Content]:
    table = describe(table, schema).table
    item_ids = np.unique(np.array([name.encode() for name in table[ITEM].to_pylist()], dtype=np.bytes_))
    return item_ids, alike_by_content(item_ids, table, SimilarConfig())
