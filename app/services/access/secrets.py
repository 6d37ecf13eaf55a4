"""The form of API keys: a recognisable prefix, an id to look it up by, and a secret of 256 bits."""

import hashlib
import secrets
from typing import NamedTuple

_KINDS = {"secret": "sk", "publishable": "pk"}
_ID = slice(9, 21)
FORM = "braid_sk_KEYID_SECRET"


class NewSecret(NamedTuple):
    """A new key: its id, the whole of it, which is shown once, and the digest that is stored."""

    key_id: str
    key: str
    digest: str


def new_secret(*, publishable: bool) -> NewSecret:
    """Make a key."""
    key_id = secrets.token_hex(6)
    key = f"braid_{_KINDS['publishable' if publishable else 'secret']}_{key_id}_{secrets.token_urlsafe(32)}"
    return NewSecret(key_id, key, digest_of(key))


def key_id_of(key: str) -> str:
    """Return what stands in a key where its id does. Whether a text is a key at all, its digest tells."""
    return key[_ID]


def digest_of(secret: str) -> str:
    """Return what is stored of a key or a cookie: SHA-256, in hexadecimal. A secret of 256 bits needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
