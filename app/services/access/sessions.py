"""Sign-in to the console: a session in the database, named by a cookie that holds no key."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from app.services.access.audit import Actor, AuditLog
from app.services.access.keyring import ADMIN, Key, Keyring
from app.services.access.secrets import digest_of
from app.storage.sessions import SessionStore
from app.times import now

COOKIE = "braid_session"
IDLE_SECONDS = 1800
_SECOND = 1_000_000
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Session:
    """Somebody who signed in: by which key, and the token that their forms must carry."""

    key: Key
    csrf: str


class Sessions:
    """Opens, finds and ends sessions; one ends after half an hour without a request, and with its key."""

    def __init__(self, store: SessionStore, keyring: Keyring, audit_log: AuditLog) -> None:
        self._store = store
        self._audit_log = audit_log
        self._keyring = keyring

    async def open(self, given: str, address: str | None) -> str | None:
        """Return the cookie of a new session; None where the text is no admin key in force."""
        key = self._keyring.find(given)
        if key is None or not key.may(ADMIN):
            return None
        token = secrets.token_urlsafe(32)
        await self._store.add(digest_of(token), key.key_id, now() - IDLE_SECONDS * _SECOND)
        await self._audit_log.record(Actor(key.key_id, address), "sign in", "/console")
        return token

    async def find(self, token: str | None, *, idle: bool = False) -> Session | None:
        """Return the session of a cookie; None where there is none.

        Parameters
        ----------
        idle
            Whether a page asks by itself, which does not keep the session alive.
        """
        if token is None or _FORM.fullmatch(token) is None:
            return None
        key_id = await self._store.seen(digest_of(token), now() - IDLE_SECONDS * _SECOND, renew=not idle)
        key = None if key_id is None else self._keyring.by_id(key_id)
        return None if key is None else Session(key, csrf_of(token))

    async def end(self, token: str) -> None:
        """End a session."""
        await self._store.end(digest_of(token))


def csrf_of(token: str) -> str:
    """Return what the forms of a session carry: only a page that Braid wrote for it knows."""
    return hmac.new(token.encode(), b"form", hashlib.sha256).hexdigest()
