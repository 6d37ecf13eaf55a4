"""Conditions on items of the catalogue, in SQL."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Column, ColumnElement, bindparam, exists, false, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB

from app.storage.search_index import title_has, words_of
from app.storage.tables import items
from models.data.columns import ITEM


@dataclass(frozen=True)
class ItemFilter:
    """Conditions that an item must meet, all of them; None leaves one out. `item_id` has all ids that are allowed."""

    item_id: Sequence[str] | None = None
    title: str | None = None
    category: str | None = None
    tag: str | None = None
    hidden: bool | None = None
    price_gte: float | None = None
    price_lte: float | None = None

    def conditions(self, *, sqlite: bool) -> Iterator[ColumnElement[bool]]:
        """Yield the conditions."""
        if self.item_id is not None:
            yield items.c[ITEM].in_(self.item_id)
        if self.title is not None:
            words = words_of(self.title)
            yield title_has(words, sqlite=sqlite) if words else false()
        for column, label in ((items.c.categories, self.category), (items.c.tags, self.tag)):
            if label is not None:
                yield _holds(column, label, sqlite=sqlite)
        if self.hidden is not None:
            yield items.c.hidden == self.hidden
        if self.price_gte is not None:
            yield items.c.price >= self.price_gte
        if self.price_lte is not None:
            yield items.c.price <= self.price_lte


def _holds(column: Column[object], label: str, *, sqlite: bool) -> ColumnElement[bool]:
    if not sqlite:
        return column.op("@>")(bindparam(None, [label], type_=JSONB))
    each = func.json_each(column).table_valued("value")
    return exists(select(literal_column("1")).select_from(each).where(each.c.value == label))
