"""The API keys that are in force, in memory."""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from app.services.access.secrets import digest_of, key_id_of
from app.storage.keys import KeyStore
from app.times import now

ADMIN, PUBLISH = "admin", "publish"
_NOBODY = digest_of("nobody")
_MOST_SENT = 10_000


@dataclass(frozen=True)
class Key:
    """A key: what it may do, and where.

    Attributes
    ----------
    scenarios
        The only scenarios that it may ask; all where None.
    origins
        The origins of the pages that may use it; where None it is for servers and used without one.
    signing_secret
        What user ids are signed with for a publishable key.
    expires_at
        Microseconds since 1970; None never.
    rate_limit
        How many requests it may send, as `600/minute`; None for what the settings allow.
    """

    key_id: str
    name: str
    digest: str
    scopes: frozenset[str]
    scenarios: frozenset[str] | None = None
    origins: frozenset[str] | None = None
    signing_secret: str | None = None
    expires_at: int | None = None
    rate_limit: str | None = None

    @cached_property
    def is_publishable(self) -> bool:
        """Return whether it may stand in a page that anybody can read."""
        return PUBLISH in self.scopes

    def may(self, scope: str) -> bool:
        """Return whether it has a scope; `admin` has all."""
        return scope in self.scopes or (ADMIN in self.scopes and not self.is_publishable)


class Keyring:
    """Finds keys without asking the database; the change feed has it read again within a second of a change."""

    def __init__(self, store: KeyStore) -> None:
        self._store = store
        self._keys: dict[str, Key] = {}
        self._sent: dict[bytes, Key] = {}
        """What was found for what was sent, by the SHA-256 of it: keys in force alone."""
        self.origins: frozenset[str] = frozenset()
        """The origins of all keys."""
        self._reading = asyncio.Lock()
        self.loaded = False
        self.has_any = False
        """Whether there has ever been a key: without one the server is open to its own machine."""

    async def load(self) -> None:
        """Read all keys.

        Raises
        ------
        DatabaseError
            They cannot be read; those that were read before stay.
        """
        # One after the other: an older reading must not end last, and bring a revoked key back.
        async with self._reading:
            rows = await self._store.all()
            keys = [_key(row) for row in rows if row["revoked_at"] is None]
            self._keys, self._sent = {key.key_id: key for key in keys}, {}
            self.origins = frozenset(origin for key in keys for origin in key.origins or ())
            self.has_any, self.loaded = bool(rows), True

    def find(self, given: str) -> Key | None:
        """Return the key that a text is, if it is in force; every wrong one takes the same time."""
        key = self._keys.get(key_id_of(given))
        same = hmac.compare_digest(digest_of(given), _NOBODY if key is None else key.digest)
        return key if key is not None and same and _lasts(key) else None

    def find_sent(self, sent: bytes, read: Callable[[bytes], str | None]) -> Key | None:
        """Return the key in force that a header holds; `read` takes the text of the key from it.

        A key that was sent before is found by the digest of the whole header: to read it takes as long as to find it.
        How wrong another one is cannot be told from the time, since nobody chooses what its digest begins with.
        """
        mark = sha256(sent).digest()
        key = self._sent.get(mark)
        if key is not None:
            return key if key.expires_at is None or _lasts(key) else None
        given = read(sent)
        key = None if given is None else self.find(given)
        if key is not None:
            if len(self._sent) >= _MOST_SENT:
                self._sent.clear()
            self._sent[mark] = key
        return key

    def by_id(self, key_id: str) -> Key | None:
        """Return a key in force by its id."""
        key = self._keys.get(key_id)
        return key if key is not None and _lasts(key) else None


def _lasts(key: Key) -> bool:
    return key.expires_at is None or key.expires_at > now()


def _key(row: Mapping[str, Any]) -> Key:
    return Key(
        key_id=row["key_id"],
        name=row["name"],
        digest=row["digest"],
        scopes=frozenset(row["scopes"]),
        scenarios=None if row["scenarios"] is None else frozenset(row["scenarios"]),
        origins=None if row["origins"] is None else frozenset(row["origins"]),
        signing_secret=row["signing_secret"],
        expires_at=row["expires_at"],
        rate_limit=row["rate_limit"],
    )
