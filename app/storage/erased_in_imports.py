"""Users who are erased while imports run: the rest of such an import must not store their rows again.

An import that runs or was interrupted holds digests of these users, not their ids, until it ends.
"""

import hashlib
from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Connection, select, update

from app.storage.imports import RUNNING
from app.storage.tables import imports


def note_erased(connection: Connection, user_ids: Sequence[str]) -> None:
    """Note erased users with all imports that have not ended, as part of a transaction.

    On PostgreSQL it waits until the chunks that they are storing are committed: call it before rows are deleted.
    """
    open_ones = select(imports.c.import_id, imports.c.erased).where(imports.c.status == RUNNING)
    for import_id, before in connection.execute(open_ones.order_by(imports.c.import_id).with_for_update()).all():
        digests = sorted({*(before or ()), *(_digest(import_id, one) for one in user_ids)})
        connection.execute(update(imports).where(imports.c.import_id == import_id).values(erased=digests))


def erased_among(connection: Connection, import_id: str | None) -> Callable[[Collection[str]], set[str]]:
    """Return what finds users who were erased since an import began; nobody is erased until the transaction ends."""
    erased: frozenset[str] = frozenset()
    if import_id is not None:
        row = connection.execute(select(imports.c.erased).where(imports.c.import_id == import_id).with_for_update())
        erased = frozenset(row.scalar() or ())

    def find(user_ids: Collection[str]) -> set[str]:
        return {one for one in user_ids if _digest(str(import_id), one) in erased} if erased else set()

    return find


def _digest(import_id: str, user_id: str) -> str:
    return hashlib.sha256(f"{import_id}:{user_id}".encode()).hexdigest()
