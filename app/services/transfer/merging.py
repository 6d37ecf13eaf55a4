"""Rows of items and users beside what is stored: they change what they name, as a patch over HTTP would."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection

from app.errors import TooLargeError
from app.schemas.types import MAX_JSON_BYTES
from app.services.kit.merge_patch import merged
from app.services.transfer.dropped import ERASED
from app.storage.items import ItemStore
from app.storage.users import UserStore
from app.storage.vectors import pack, unpack
from models.data.catalogue import ATTRIBUTES, AVAILABLE_FROM, AVAILABLE_UNTIL, VECTORS
from models.data.columns import ITEM, USER
from models.data.schema import MAX_VECTORS

TOO_LONG = f"attributes longer than {MAX_JSON_BYTES:,} bytes as JSON with those that are there"
TOO_MANY = f"attributes with those that are there more than {MAX_VECTORS} vectors"
NEVER_THERE = "available_from after available_until"
FindErased = Callable[[Collection[str]], set[str]]
"""Finds the users who were erased since the import began."""


@dataclass(frozen=True)
class Given:
    """A row of an item or user, the columns that the file has a value for, and its place in the file."""

    row: dict[str, Any]
    named: frozenset[str] = frozenset()
    place: int | None = None


class Left(NamedTuple):
    """A row that is left out because the item or user would not be as the API takes it: its place and the reason."""

    place: int | None
    reason: str


def nobody(_: Collection[str]) -> set[str]:
    """Find no user who was erased."""
    return set()


class Merging:
    """Stores rows of items and users as part of a transaction.

    Parameters
    ----------
    replace
        Whether a row takes the place of what is there, with all its fields.
    """

    def __init__(self, items: ItemStore, users: UserStore, *, replace: bool) -> None:
        self._items = items
        self._users = users
        self._replace = replace

    def put_items(self, connection: Connection, given: Sequence[Given], _erased: FindErased = nobody) -> list[Left]:
        """Store items; return the rows that are left out."""
        there = {} if self._replace else self._items.locked(connection, [one.row[ITEM] for one in given])
        rows, left = _merged(given, lambda one: _item(there.get(one.row[ITEM]), one))
        self._items.put_now(connection, rows)
        return left

    def put_users(self, connection: Connection, given: Sequence[Given], erased: FindErased = nobody) -> list[Left]:
        """Store users, but for those who were erased; return the rows that are left out."""
        gone = erased([one.row[USER] for one in given])
        erased_rows = [Left(one.place, ERASED) for one in given if one.row[USER] in gone]
        given = [one for one in given if one.row[USER] not in gone]
        there = {} if self._replace else self._users.locked(connection, [one.row[USER] for one in given])

        def changed(one: Given) -> dict[str, Any]:
            return {**one.row, ATTRIBUTES: _attributes(there.get(one.row[USER], {}), one.row[ATTRIBUTES])}

        rows, left = _merged(given, changed)
        self._users.put_now(connection, rows)
        return erased_rows + left


class _LeftOutError(Exception):
    """A row is left out; its text is the reason."""


def _merged(
    given: Sequence[Given], changed: Callable[[Given], dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[Left]]:
    rows: list[dict[str, Any]] = []
    left: list[Left] = []
    for one in given:
        try:
            rows.append(changed(one))
        except _LeftOutError as error:
            left.append(Left(one.place, str(error)))
    return rows, left


def _item(there: dict[str, Any] | None, given: Given) -> dict[str, Any]:
    """Return an item with the named columns of a row."""
    row, patch = given.row, given.row[ATTRIBUTES]
    vectors = {} if there is None else unpack(there[VECTORS])
    for name in (name for name, value in patch.items() if value is None):
        vectors.pop(name, None)
    new = unpack(row[VECTORS])
    vectors |= new
    if len(vectors) > MAX_VECTORS:
        raise _LeftOutError(TOO_MANY)
    # A value from before the declaration of a vector may stand among the other attributes.
    attributes = _attributes({} if there is None else there[ATTRIBUTES], {**patch, **dict.fromkeys(new)})
    changed = row if there is None else there | {name: row[name] for name in given.named if name in row}
    since, until = changed[AVAILABLE_FROM], changed[AVAILABLE_UNTIL]
    if since is not None and until is not None and since > until:
        raise _LeftOutError(NEVER_THERE)
    return {**changed, ATTRIBUTES: attributes, VECTORS: pack(vectors)}


def _attributes(there: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return merged(there, patch)
    except TooLargeError as error:
        raise _LeftOutError(TOO_LONG) from error
