"""Exports of other systems, written anew from their descriptions."""

import json
import struct

_NOON = 1_772_366_700


def _varint(number: int) -> bytes:
    found = b""
    while number > 127:
        found, number = found + bytes([number & 127 | 128]), number >> 7
    return found + bytes([number])


def _field(number: int, value: str | int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    held = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(held)) + held


def _message(*fields: tuple[int, str | int | bytes]) -> bytes:
    return b"".join(_field(number, value) for number, value in fields)


def _stream(flag: int, *messages: bytes) -> bytes:
    return struct.pack("<q", flag) + b"".join(struct.pack("<q", len(one)) + one for one in messages)


_TIME = _message((1, _NOON))
GORSE = (
    _stream(-1, *(_message((1, f"u-{user}"), (2, '["nl"]'), (3, "")) for user in range(1, 6)))
    + _stream(
        -2,
        *(
            _message((2, f"sku-{item}"), (4, "shoes" if item % 2 else "tents"), (5, _TIME), (6, "{}"), (7, ""))
            for item in range(1, 7)
        ),
        _message((2, "owner/repository"), (4, "tents"), (5, _TIME), (6, "{}"), (7, "")),
    )
    + _stream(
        -3,
        *(
            _message((2, kind), (3, f"u-{user}"), (4, f"sku-{1 + (user + step) % 6}"), (5, _TIME), (6, ""))
            for user in range(1, 6)
            for step, kind in enumerate(("star", "read", "buy"))
        ),
        _message((2, "read"), (3, "u-2"), (4, "owner/repository"), (5, _TIME), (6, "")),
    )
    + struct.pack("<q", 0)
)
"""The dump of Gorse: users, items and feedback, as its protocol buffers have them."""

_USERS, _ITEMS = range(1, 6), range(1, 7)
_CATALOGUE = [(f"sku-{item}", "shoes" if item % 2 else "tents", 40 + item) for item in _ITEMS]


_PAIRS = [(f"u-{user}", f"sku-{1 + (user + step) % 6}", _NOON + 60 * step) for user in _USERS for step in range(3)]


def _csv(head: str, rows: list[tuple[object, ...]]) -> str:
    return "\n".join([head, *(",".join(map(str, row)) for row in rows)]) + "\n"


RECOMBEE = {
    "recombee/purchases.csv": _csv("userId,itemId,timestamp,amount,price,profit", [(*p, 1, 9, 1) for p in _PAIRS[::2]]),
    "recombee/detailviews.csv": _csv("userId,itemId,timestamp,duration", [(*pair, 14) for pair in _PAIRS]),
    "recombee/cartadditions.csv": _csv("userId,itemId,timestamp,amount,price", [(*p, 1, 9.5) for p in _PAIRS[::3]]),
    "recombee/bookmarks.csv": _csv("userId,itemId,timestamp", [tuple(pair) for pair in _PAIRS[::3]]),
    "recombee/ratings.csv": _csv("userId,itemId,timestamp,rating", [(*pair, 0.5) for pair in _PAIRS[::3]]),
    "catalogue.csv": _csv(
        "itemId,name,image,brand,itemOrder,price",
        [(name, "Trail shoe" if place == "shoes" else "Tent", f"https://shop.example/{name}.png", "Fell", 1, price)
         for name, place, price in _CATALOGUE],
    ),
    "users.csv": _csv("userId,country", [(f"u-{user}", "NL") for user in _USERS]),
}  # fmt: skip
PERSONALIZE = {
    "personalize/interactions.csv": _csv(
        "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,EVENT_VALUE",
        [(*pair, kind, "") for pair in _PAIRS for kind in ("View", "Purchase")],
    ),
    "personalize/items.csv": _csv(
        "ITEM_ID,CREATION_TIMESTAMP,PRICE,CATEGORY_L1",
        [(name, _NOON, price, place) for name, place, price in _CATALOGUE],
    ),
    "personalize/users.csv": _csv("USER_ID,AGE", [(f"u-{user}", 20 + user) for user in _USERS]),
}
_SET = [
    {"event": "$set", "entityType": "item", "entityId": name, "eventTime": "2026-03-01T00:00:00.000Z",
     "properties": {"title": "Trail shoe" if place == "shoes" else "Tent", "categories": [place], "price": price}}
    for name, place, price in _CATALOGUE
]  # fmt: skip
_ACTS = [
    {"event": kind, "entityType": "user", "entityId": user, "targetEntityType": "item", "targetEntityId": item,
     "eventTime": f"2026-03-01T12:{(time - _NOON) // 60:02d}:00.000Z"}
    for user, item, time in _PAIRS for kind in ("view", "purchase")
]  # fmt: skip
EVENTS = "".join(json.dumps(event) + "\n" for event in [*_SET, *_ACTS])
"""Events of PredictionIO, as `pio export` writes them."""
