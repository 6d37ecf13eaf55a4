"""The end of `braid demo`: what a user liked, what Braid recommends and why, as the running server says it."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Get = Callable[[str], Any]
_HISTORY = 200
_LIKED = 5
_LISTED = 5
_TITLE = 40
_WITHIN = 10.0
_STRENGTHS = ("purchase", "like", "rating", "cart", "click", "view")
"""Event types, those first that say most."""
_WORDS = {"purchase": "bought", "like": "liked", "cart": "in the cart", "click": "clicked", "view": "viewed"}
_LOVED = 4.0


def screen(base: str, user_id: str) -> list[str]:
    """Return the lines to show; none where the server does not tell, for instance as it asks for a key."""

    def get(path: str) -> Any:
        # Whatever proxy the environment names, this is about our own server.
        asked = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with asked.open(f"{base}{path}", timeout=_WITHIN) as answer:
            return json.loads(answer.read())

    try:
        return list(_lines(get, user_id))
    except (urllib.error.URLError, OSError, ValueError, KeyError):
        return []


def _lines(get: Get, user_id: str) -> Iterator[str]:
    user = urllib.parse.quote(user_id, safe="")
    log = get(f"/users/{user}/interactions?limit={_HISTORY}")["items"]
    found = get(f"/recommend/{user}?limit={_LISTED}&include=title&explain=true")
    liked = strongest(log)
    titles = {one["item_id"]: _title(get, one["item_id"]) for one in liked}
    yield ""
    yield f"What user {user_id} liked ({len({one['item_id'] for one in log}):,} items in the history):"
    for one in liked:
        yield f"     {_short(titles[one['item_id']]):<{_TITLE}}  {_did(one)}"
    yield ""
    yield "What Braid recommends, and why:"
    for item in found["items"]:
        why = item.get("explanation") or ""
        yield f"  {item['rank']:>2} {_short(item.get('title') or item['item_id']):<{_TITLE}}  {why}".rstrip()
    yield ""


def _title(get: Get, item_id: str) -> str:
    found = get(f"/items/{urllib.parse.quote(item_id, safe='')}")
    return str(found.get("title") or item_id)


def strongest(log: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the rows of a history that say most of what a user likes, one for each item."""
    by_item: dict[str, Mapping[str, Any]] = {}
    for one in sorted(log, key=_strength):
        by_item.setdefault(one["item_id"], one)
    return list(by_item.values())[:_LIKED]


def _strength(one: Mapping[str, Any]) -> tuple[int, float]:
    kind, value = one["event_type"], one.get("value")
    low = kind == "rating" and value is not None and value < _LOVED
    place = _STRENGTHS.index(kind) if kind in _STRENGTHS and not low else len(_STRENGTHS)
    return place, -float(value or 0.0)


def _did(one: Mapping[str, Any]) -> str:
    if one["event_type"] == "rating" and one.get("value") is not None:
        return f"rated {one['value']:g}"
    kind = str(one["event_type"])
    return _WORDS.get(kind, kind)


def _short(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}\u2026"
