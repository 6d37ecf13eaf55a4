"""Users of a publishable key: anonymous ones, whose ids nobody can guess, and those that a back end has signed."""

import hashlib
import hmac
import re

from app.services.access.keyring import Key
from app.times import now

ANONYMOUS = re.compile(r"anon-[A-Za-z0-9_-]{22,}")
"""128 random bits in base64, or more: who knows the id is its user."""
ANONYMOUS_RULE = "`anon-` and at least 22 random letters, digits, - or _"
_SIGNATURE = re.compile(r"([0-9]{1,12})\.[0-9a-f]{64}", re.ASCII)
_SECOND = 1_000_000


def sign(secret: str, user_id: str, expires: int) -> str:
    """Sign a user id until a second since 1970: what a back end does with the signing secret of the key."""
    found = hmac.new(secret.encode(), f"{expires}.{user_id}".encode(), hashlib.sha256).hexdigest()
    return f"{expires}.{found}"


def is_own_user(key: Key, user_id: str, signature: str | None) -> bool:
    """Return whether a publishable key may act for a user."""
    if ANONYMOUS.fullmatch(user_id):
        return True
    found = _SIGNATURE.fullmatch(signature or "")
    if key.signing_secret is None or found is None or int(found[1]) * _SECOND < now():
        return False
    return hmac.compare_digest(sign(key.signing_secret, user_id, int(found[1])), found[0])
