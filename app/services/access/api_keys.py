"""Makes, lists, replaces and revokes API keys."""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from app.errors import DatabaseError, NotFoundError
from app.schemas.keys import ApiKey, KeyIn, KeysPage, NewKey
from app.services.access.audit import Actor, AuditLog
from app.services.access.keyring import PUBLISH, Keyring
from app.services.access.secrets import new_secret
from app.storage.keys import KeyStore
from app.times import from_microseconds, now, to_microseconds

_HOUR = 3_600_000_000
_TIMES = ("created_at", "expires_at", "revoked_at")
FIRST = KeyIn(name="first admin key", scopes=["admin"])


class ApiKeys:
    """Changes keys; the processes that serve follow within a second, this one at once.

    Who does it is in the audit log.

    Parameters
    ----------
    keyring
        That of this process, if it serves.
    """

    def __init__(self, store: KeyStore, audit_log: AuditLog, keyring: Keyring | None = None) -> None:
        self._store = store
        self._audit_log = audit_log
        self._keyring = keyring

    async def add(self, given: KeyIn, by: Actor) -> NewKey:
        """Make a key."""
        ends = None if given.expires_at is None else to_microseconds(given.expires_at)
        row, made = _new(given.model_dump(exclude={"expires_at"}), ends)
        await self._store.add(row)
        await self._audit_log.record(by, "key create", made.key_id)
        await self._changed()
        return made

    async def add_first(self, by: Actor) -> NewKey | None:
        """Make an admin key if there has never been a key."""
        row, made = _new(FIRST.model_dump(exclude={"expires_at"}), None)
        if not await self._store.add_first(row):
            return None
        await self._audit_log.record(by, "key create", made.key_id)
        return made

    async def list(self) -> KeysPage:
        """List all keys, the oldest first."""
        return KeysPage(items=[ApiKey(**_shown(row)) for row in await self._store.all()])

    async def rotate(self, key_id: str, grace_hours: float, by: Actor) -> NewKey:
        """Make a key that may do the same for as long, and let the old one end after some hours.

        Raises
        ------
        NotFoundError
            No key of this id is in force.
        """
        old = next((row for row in await self._store.all() if row["key_id"] == key_id), None)
        moment = now()
        ends = moment + round(grace_hours * _HOUR)
        if old is None or old["revoked_at"] is not None or (old["expires_at"] or ends) < moment:
            raise _no_key(key_id)
        row, made = _new(old, old["expires_at"])
        await self._store.add(row)
        await self._store.end(key_id, min(ends, old["expires_at"] or ends))
        await self._audit_log.record(by, "key rotate", f"{key_id} to {made.key_id}")
        await self._changed()
        return made

    async def revoke(self, key_id: str, by: Actor) -> None:
        """End a key at once.

        Raises
        ------
        NotFoundError
            No key of this id is in force.
        """
        if not await self._store.end(key_id, None):
            raise _no_key(key_id)
        await self._audit_log.record(by, "key revoke", key_id)
        await self._changed()

    async def _changed(self) -> None:
        if self._keyring is not None:
            # Where it fails the change feed does it: a key that is stored is told.
            with suppress(DatabaseError):
                await self._keyring.load()


def _new(given: Mapping[str, Any], expires_at: int | None) -> tuple[dict[str, Any], NewKey]:
    scopes = sorted(set(given["scopes"]))
    secret = new_secret(publishable=PUBLISH in scopes)
    row = {
        "key_id": secret.key_id,
        "name": given["name"],
        "digest": secret.digest,
        "scopes": scopes,
        "scenarios": given["scenarios"],
        "origins": given["origins"],
        "rate_limit": given["rate_limit"],
        "signing_secret": secrets.token_urlsafe(32) if PUBLISH in scopes else None,
        "created_at": now(),
        "expires_at": expires_at,
        "revoked_at": None,
    }
    return row, NewKey(**_shown(row), key=secret.key, signing_secret=row["signing_secret"])


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: row[name] for name in ("key_id", "name", "scopes", "scenarios", "origins", "rate_limit")}
    return fields | {name: None if row[name] is None else from_microseconds(row[name]) for name in _TIMES}


def _no_key(key_id: str) -> NotFoundError:
    return NotFoundError(f"there is no valid key {key_id!r}: `braid key list` shows all keys")
