"""What the page says in its sentences of filters."""

import orjson

from tests.app.api.examples.shop import ALL, CHEAP, OUTDOOR, SHOES, Shop, case

CONDITION = '{"field": "tags", "eq": "outdoor"}'


@case('{"field": …, OPERATOR: …}')
async def every_operator(shop: Shop, text: str) -> None:
    for operator, value, field, holds in [
        ("eq", "sku-3", "item_id", {"sku-3"}),
        ("in", ["tents", "clothes"], "categories", {"sku-5", "sku-7"}),
        ("ne", "shoes", "categories", ALL - SHOES),
        ("ne", "Fell", "attributes.brand", {"sku-3", "sku-4", "sku-7"}),
        ("gt", 90, "price", ALL - CHEAP),
        ("gte", 90, "price", (ALL - CHEAP) | {"sku-1"}),
        ("lt", 90, "price", CHEAP - {"sku-1"}),
        ("lte", 90, "price", CHEAP),
        ("exists", True, "attributes.size", SHOES),
        ("exists", False, "attributes.size", ALL - SHOES),
        ("contains", "shoe", "title", SHOES),
        ("prefix", "Trail", "title", {"sku-1", "sku-2"}),
    ]:
        condition = text.replace("OPERATOR", f'"{operator}"')
        for one in (field, value):
            condition = condition.replace("…", orjson.dumps(one).decode(), 1)
        assert await shop.list_like(condition) == holds, condition


@case('{"and": [...]}', '{"or": [...]}')
async def several_filters(shop: Shop, text: str) -> None:
    full = text.replace("...", CONDITION + ', {"field": "price", "lte": 100}')
    assert await shop.list_like(full) == (OUTDOOR & CHEAP if "and" in text else OUTDOOR | CHEAP)


@case('{"not": ...}')
async def negated_filter(shop: Shop, text: str) -> None:
    assert await shop.list_like(text.replace("...", CONDITION)) == ALL - OUTDOOR


@case('{"field": "attributes.shop", "within": {"lat": 52.5, "lon": 13.4, "km": 10}}')
async def near_a_place(shop: Shop, text: str) -> None:
    assert await shop.list_like(text) == {"sku-7"}
    assert await shop.list_like(text.replace('"km": 10', '"km": 1')) == set()


@case(
    '{"field": "attributes.size", "in": {"user": "sizes"}}',
    '{"field": "price", "lte": {"user": "budget", "times": 1.1}}',
)
async def reference_to_the_user(shop: Shop, text: str) -> None:
    fits = {"sku-1", "sku-3", "sku-4"} if "sizes" in text else CHEAP | {"sku-3"}
    assert await shop.list_like(text, user_id="u-42") == fits
    # Nothing is known of this user: alone it filters nothing, beside others it is left out.
    assert await shop.list_like(text, user_id="u-7") == ALL
    assert await shop.list_like(f'{{"and": [{text}, {CONDITION}]}}', user_id="u-7") == OUTDOOR
    own = {"sizes": [45], "budget": 50}
    assert await shop.list_like(text, user_id="u-42", attributes=own) == ({"sku-2"} if "sizes" in text else set())
