"""How tests send keys."""

from app.schemas.keys import NewKey

SHOP = "https://shop.example"


def bearer(key: NewKey, **more: str) -> dict[str, str]:
    """Return the headers of a request with a key."""
    return {"authorization": f"Bearer {key.key}"} | more
