"""The form of an item: its fields as texts, and what a person changed in them."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.schemas.items import ItemIn
from app.services.kit.merge_patch import patch_between
from models.data.catalogue import is_vector

_TEXTS = ("title", "description", "url", "image_url")
_LISTS = ("categories", "tags")
_MOMENTS = ("available_from", "available_until")
FIELDS = (*_TEXTS, *_LISTS, "price", "hidden", *_MOMENTS, "attributes")
EMPTY = ItemIn()


def as_form(item: ItemIn) -> dict[str, str]:
    """Return the fields of an item as the form shows them; vectors stay out, as nobody reads them."""
    shown = {name: getattr(item, name) or "" for name in _TEXTS}
    shown |= {name: "\n".join(getattr(item, name)) for name in _LISTS}
    shown |= {name: _moment(getattr(item, name)) for name in _MOMENTS}
    shown["price"] = "" if item.price is None else f"{item.price:.15g}"
    shown["hidden"] = "on" if item.hidden else ""
    shown["attributes"] = json.dumps(_plain(item.attributes), ensure_ascii=False, indent=2)
    return shown


def as_given(form: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields of a form that was sent, with the ends of lines as they are stored."""
    return {name: str(form.get(name) or "").replace("\r\n", "\n") for name in FIELDS}


def changes(item: ItemIn, given: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form changes: fields of a merge patch.

    Raises
    ------
    ValueError
        A text cannot be read: the error names the field.
    """
    shown = as_form(item)
    found: dict[str, Any] = {}
    for name in FIELDS:
        if given[name] != shown[name]:
            found[name] = _read(name, given[name], item)
    return found


def attributes_read(text: str) -> dict[str, Any]:
    """Read attributes as a JSON object; an empty text has none.

    Raises
    ------
    ValueError
        It is no JSON object.
    """
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise ValueError(f"attributes: is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError('attributes: must be a JSON object, such as {"brand": "Fell"}')
    return found


def _read(name: str, text: str, item: ItemIn) -> Any:
    if name in _LISTS:
        return [line.strip() for line in text.split("\n") if line.strip()]
    if name == "hidden":
        return bool(text)
    if name == "attributes":
        return patch_between(_plain(item.attributes), attributes_read(text))
    text = text.strip()
    if not text:
        return None
    if name == "price":
        try:
            return float(text)
        except ValueError:
            raise ValueError(f"price: {text!r} is not a number") from None
    # The field of a form has no offset: it is UTC, as all times of the console.
    return f"{text}Z" if name in _MOMENTS else text


def _plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if not is_vector(value)}


def _moment(at: datetime | None) -> str:
    # As browsers write it: without seconds where there are none.
    return "" if at is None else at.strftime("%Y-%m-%dT%H:%M:%S" if at.second else "%Y-%m-%dT%H:%M")
