"""Committing interactions that a test writes as dicts."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from app.storage.interactions import InteractionStore
from app.storage.rows import Row, Stored


async def store_all(store: InteractionStore, rows: Sequence[Mapping[str, Any]]) -> list[Stored]:
    """Commit rows together."""
    given = []
    for row in rows:
        context = row.get("context")
        given.append(Row(**{**row, "context": None if context is None else orjson.dumps(context).decode()}))
    return await store.store(given)


async def store_one(store: InteractionStore, row: Mapping[str, Any]) -> Stored:
    """Commit one row."""
    return (await store_all(store, [row]))[0]
