"""For whom a scenario is previewed: the fields beside its form, and users and items to choose from."""

from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.console.scenario_forms import Form, Wrong
from app.process import serving_factory
from app.process.serving_state import ServingState
from app.schemas.items import Item, ItemsQuery
from app.schemas.problems import field_error
from app.schemas.scenarios import Asked
from app.schemas.users import UsersQuery

_OFFERED = 50
_FIELDS = {
    "user_id": "for_user",
    "item_id": "for_item",
    "q": "for_words",
    "session_items": "for_session",
    "variant": "for_variant",
}
"""The fields of a request, and those of the form."""


@dataclass(frozen=True)
class Offered:
    """Users and items of which some can be chosen without knowing an id."""

    users: list[str]
    items: list[Item]


async def offered(state: ServingState) -> Offered:
    """Return a few users and items."""
    users = await serving_factory.profiles(state).page(UsersQuery(limit=_OFFERED))
    items = await serving_factory.catalogue(state).page(ItemsQuery(limit=_OFFERED, hidden=False))
    return Offered([user.user_id for user in users.items], items.items)


def first_viewer(found: Offered, user_id: str | None = None) -> dict[str, str]:
    """Return the fields with which a page is opened: what a list needs is there, as far as there is any."""
    item = found.items[0] if found.items else None
    return {
        "for_user": user_id or (found.users[0] if found.users else ""),
        "for_item": "" if item is None else item.item_id,
        "for_session": "" if item is None else item.item_id,
        "for_words": "" if item is None or not item.title else item.title.split()[0],
        "for_variant": "",
    }


def read_viewer(form: Form) -> tuple[Asked | None, dict[str, str], Wrong]:
    """Read the fields: the request, None where something is wrong; the fields as they were sent; and what is wrong."""
    sent = {name: str(form.get(name, "")).strip() for name in _FIELDS.values()}
    kind = str(form.get("kind", ""))
    given: dict[str, Any] = {name: sent[field] or None for name, field in _FIELDS.items()}
    # Each kind is asked with what it needs, and with nothing that it does not take.
    given["item_id"] = given["item_id"] if kind == "item" else None
    given["q"] = given["q"] if kind == "search" else None
    session = sent["for_session"].replace(",", "\n").splitlines() if kind == "cart" else []
    given["session_items"] = [item_id.strip() for item_id in session if item_id.strip()]
    try:
        return Asked.model_validate(given), sent, {}
    except ValidationError as error:
        wrong: Wrong = {}
        for one in error.errors():
            field = _FIELDS.get(str(one["loc"][0]) if one["loc"] else "", "for_user")
            wrong.setdefault(field, field_error(one, one["loc"], "request").detail)
        return None, sent, wrong


def place_of(field: str) -> str:
    """Return the field of the form for a field of a request."""
    return _FIELDS.get(field, field)
