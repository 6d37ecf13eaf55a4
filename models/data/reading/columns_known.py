"""Names that columns and event types have elsewhere, in one table; the first of a line is preferred."""

import re
from collections.abc import Mapping

from models.data import columns
from models.data.catalogue import FIELDS

UNIT_PRICE = "unit_price"
"""Price of one piece: `revenue` is this times `quantity`."""
ATTRIBUTE = "attributes."
"""What the name of a column of `items` begins with that becomes an attribute."""

INTERACTIONS: Mapping[str, str] = {
    columns.USER: "user_id user userid visitorid visitor_id customer_id customer member_id reviewer_id account_id"
    " person_id player_id client_id profile_id uid steamid user_name username",
    columns.ITEM: "item_id item product_id product movie_id article_id business_id parent_asin asin isbn sku"
    " stock_code book_id game_id game app_id track_id song_id artist_id content_id news_id video_id recipe_id anime_id",
    columns.EVENT_TYPE: "event_type event action behavior behaviour behavior_type interaction_type"
    " feedback_type activity",
    columns.VALUE: "value rating ratings stars score book_rating overall user_rating event_value feedback_value",
    columns.TIMESTAMP: "timestamp time ts date datetime event_time event_timestamp unix_review_time unixtime created_at"
    " create_time transaction_date t_dat invoice_date purchase_date order_date event_date review_date",
    columns.EVENT_ID: "event_id interaction_id review_id",
    columns.REQUEST_ID: "request_id recomm_id recommendation_id",
    columns.POSITION: "position",
    columns.CONTEXT: "context",
    columns.QUANTITY: "quantity qty pieces",
    columns.REVENUE: "revenue total_price line_total",
    UNIT_PRICE: "unit_price",
    columns.SEQUENCE: "sequence",
}
ITEMS: Mapping[str, str] = {
    columns.ITEM: INTERACTIONS[columns.ITEM] + " id",
    "title": "title name item_name product_name prod_name movie_title book_title product_title app_name",
    "description": "description desc detail_desc product_description overview plot",
    "url": "url link product_url",
    "image_url": "image_url image picture img_url image_url_l imageurl",
    "categories": "categories category genres genre category_id",
    "tags": "tags keywords labels",
    "price": "price unit_price list_price",
    "attributes": "attributes",
    "hidden": "hidden is_hidden",
    "available_from": "available_from",
    "available_until": "available_until",
}
USERS: Mapping[str, str] = {columns.USER: INTERACTIONS[columns.USER] + " id", "attributes": "attributes"}
PAIRS: Mapping[str, str] = {columns.USER: columns.USER, columns.ITEM: columns.ITEM, columns.CONTEXT: columns.CONTEXT}
BY_FILE: Mapping[str, Mapping[str, str]] = {"interactions": INTERACTIONS, "items": ITEMS, "users": USERS}
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "interactions": (columns.USER, columns.ITEM),
    "items": (columns.ITEM,),
    "users": (columns.USER,),
}
FILE_NAMES: Mapping[str, str] = {
    "interactions": "interactions interaction ratings rating events transactions reviews review purchases orders order"
    " feedback feedbacks clicks views udata behaviors log",
    "items": "items item movies products catalogue catalog articles books business games metadata uitem",
    "users": "users user customers members uuser",
}
OWN: Mapping[str, frozenset[str]] = {
    "interactions": frozenset(INTERACTIONS) - {UNIT_PRICE},
    "items": frozenset({columns.ITEM, *FIELDS}),
    "users": frozenset(USERS),
}
"""The columns of the data-set format, which need no mapping."""
EVENT_NAMES: Mapping[str, str] = {
    **dict.fromkeys(
        ("pageview", "page_view", "detailview", "detail_view", "productview", "viewed", "watch", "watched"), "view"
    ),
    **dict.fromkeys(("clicked", "clickout"), "click"),
    **dict.fromkeys(("addtocart", "add_to_cart", "cartaddition", "add"), "cart"),
    **dict.fromkeys(("transaction", "buy", "order", "checkout", "purchased"), "purchase"),
    **dict.fromkeys(("bookmark", "favorite", "favourite", "fav", "liked", "star", "wishlist"), "like"),
    **dict.fromkeys(("review", "rate", "rated"), "rating"),
    **dict.fromkeys(("refund", "returned"), "return"),
}
"""Event types as others name them; a type that is configured keeps its own name."""

_LOOKS: tuple[tuple[str, str, str], ...] = (
    ("a rating", columns.VALUE, r"rating|(^|_)(stars?|score|grade|overall|vote)s?($|_)"),
    ("an event type", columns.EVENT_TYPE, r"(^|_)(event|action|behaviou?r|activity)s?($|_)|(event|action)type"),
    ("a time", columns.TIMESTAMP, r"time(stamp)?s?($|_)|(^|_)(date|datetime|dat|ts)($|_)|date$|_at$"),
    ("an amount", f"{columns.QUANTITY}, {columns.REVENUE} or {UNIT_PRICE}",
     r"(^|_)(price|amount|cost|revenue|total|quantity|qty|paid|sales)($|_)|price$|amount$|quantity$"),
)  # fmt: skip


def plain(name: str) -> str:
    """Bring a name into one form: `userId`, `USER_ID` and `User-Id` are one."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip())
    return re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_")


def tight(name: str) -> str:
    """Bring a name into a form without separators."""
    return plain(name).replace("_", "")


def looks_like(name: str) -> tuple[str, str] | None:
    """Say what a column seems to hold by its name, and as what it could be read."""
    own = plain(name)
    for what, target, pattern in _LOOKS:
        if re.search(pattern, own):
            return what, target
    return None


def recognised(names: list[str], file: str) -> dict[str, str]:
    """Map the columns that a file of this kind is known to have to the names of the file's own."""
    by_form: dict[str, str] = {}
    for name in names:
        by_form.setdefault(tight(name), name)
    found: dict[str, str] = {}
    for target, known in BY_FILE[file].items():
        if target in names:
            found[target] = target
            continue
        for one in known.split():
            source = by_form.get(tight(one))
            if source is not None and source not in names_taken(found, names, file):
                found[target] = source
                break
    return found


def names_taken(found: Mapping[str, str], names: list[str], file: str) -> set[str]:
    """Return the columns that are mapped already, or have a name of the format itself."""
    return set(found.values()) | {name for name in names if name in BY_FILE[file]}
