"""What the page says in its sentences of recommendations, scenarios, pages of rows and search."""

from urllib.parse import parse_qs

import orjson

from tests.app.api.examples.shop import ALL, OUTDOOR, SHOES, Shop, case


@case('{"country": "NL"}')
async def attributes_of_a_request(shop: Shop, text: str) -> None:
    found = await shop.answer("/recommend", {"attributes": orjson.loads(text)})
    assert (found["user_id"], found["strategy"]) == (None, "popular")
    by_country = {"field": "tags", "eq": {"user": "country"}}
    await shop.answer("/items/sku-4", {"tags": ["NL"]}, "PATCH")
    assert await shop.list_like(orjson.dumps(by_country).decode(), attributes=orjson.loads(text)) == {"sku-4"}
    # Those of the request come before those of the profile, and are not stored.
    assert (
        await shop.list_like(orjson.dumps(by_country).decode(), user_id="u-42", attributes={"country": "BE"}) == set()
    )
    assert (await shop.get("/users/u-42"))["attributes"]["country"] == "NL"


@case('{"u-42": {"country": "NL"}}')
async def attributes_of_a_batch(shop: Shop, text: str) -> None:
    await shop.answer("/items/sku-4", {"tags": ["NL"]}, "PATCH")
    condition = {"field": "tags", "in": {"user": "country"}}
    body = {"user_ids": ["u-7", "u-42"], "filter": condition, "exclude_seen": False, "attributes": orjson.loads(text)}
    others, own = (await shop.answer("/recommend/batch", body))["items"]
    assert [item["item_id"] for item in own["items"]] == ["sku-4"]
    assert {item["item_id"] for item in others["items"]} == ALL


@case('[{"filter": …, "weight": 1.0}]')
async def boosts_and_buries(shop: Shop, text: str) -> None:
    rules = orjson.loads(text.replace("…", '{"field": "item_id", "eq": "sku-2"}'))
    plain = (await shop.ids(candidates=sorted(ALL))).index("sku-2")
    raised = (await shop.ids(candidates=sorted(ALL), boosts=[rules[0] | {"weight": 10.0}])).index("sku-2")
    assert (await shop.ids(candidates=sorted(ALL), boosts=rules)).index("sku-2") < plain
    assert raised == 0
    assert (await shop.ids(candidates=sorted(ALL), buries=[rules[0] | {"weight": 10.0}]))[-1] == "sku-2"


@case('[{"item_id": …, "position": 1}]')
async def pins(shop: Shop, text: str) -> None:
    pinned = orjson.loads(text.replace("…", '"sku-5"'))
    assert (await shop.ids(user_id="u-42", pins=pinned))[0] == "sku-5"
    assert "sku-5" not in await shop.ids(user_id="u-42", exclude_seen=True)
    assert (await shop.ids(user_id="u-42", exclude_seen=True, pins=pinned))[0] == "sku-5"


@case('["purchase"]')
async def seen_items_by_event_type(shop: Shop, text: str) -> None:
    assert set(await shop.ids(user_id="u-42", exclude_seen=orjson.loads(text))) == ALL - {"sku-5"}
    assert set(await shop.ids(user_id="u-42", exclude_seen=True)) == ALL - {"sku-5", "sku-3"}
    assert set(await shop.ids(user_id="u-42", exclude_seen=False)) == ALL


@case('{"field": "tags", "value": "outdoor", "weight": 2}')
async def preference_for_a_value(shop: Shop, text: str) -> None:
    found = await shop.answer("/recommend", {"preferences": [orjson.loads(text)]})
    assert found["strategy"] == "preferences"
    assert {item["item_id"] for item in found["items"][: len(OUTDOOR)]} == OUTDOOR


@case('{"field": "price", "target": 80, "tolerance": 20}')
async def preference_for_a_target(shop: Shop, text: str) -> None:
    assert (await shop.ids(preferences=[orjson.loads(text)]))[:2] == ["sku-7", "sku-1"]


@case("cursor=none")
async def no_cursor(shop: Shop, text: str) -> None:
    assert (await shop.get("/recommend/u-42?limit=2"))["next_cursor"] is not None
    assert (await shop.get(f"/recommend/u-42?limit=2&{text}"))["next_cursor"] is None


@case('{"device": "mobile", "page": "home", "locale": "nl"}', '{"device": "mobile"}')
async def context_of_a_request(shop: Shop, text: str) -> None:
    context = orjson.loads(text)
    asked = await shop.answer("/recommend", {"user_id": "u-9", "context": context})
    assert {item["item_id"] for item in asked["items"]} == ALL
    await shop.answer("/recommend/batch", {"user_ids": ["u-9"], "context": context})
    kept = (await shop.get("/users/u-9/export"))["requests"]
    assert [(one["request_id"], one["context"]) for one in kept] == [(asked["request_id"], context)]


@case(
    '{"field": "categories", "in": {"item": "categories"}}',
    '{"field": "price", "gte": {"item": "price", "times": 0.5}, "lte": {"item": "price", "times": 2}}',
)
async def reference_to_the_item(shop: Shop, text: str) -> None:
    body = {"filter": orjson.loads(text), "method": "content"}
    assert set(await shop.ids("/items/sku-5/similar", **body)) <= {"sku-2"} | ALL - SHOES
    fits = SHOES if "categories" in text else ALL - {"sku-5"}
    assert set(await shop.ids("/items/sku-1/similar", **body)) == fits - {"sku-1"}
    await shop.answer("/items/sku-8", {"title": "Nothing known"}, "PUT", 201)
    problem = await shop.answer("/items/sku-8/similar", body, status=422)
    assert [error["code"] for error in problem["errors"]] == ["filter_reference"]


@case('{"scenario": "home", "limit": 8}')
async def row_of_a_scenario(shop: Shop, text: str) -> None:
    (row,) = (await shop.answer("/pages/recommend", {"user_id": "u-42", "rows": [orjson.loads(text)]}))["rows"]
    assert (row["scenario"], row["each"]) == ("home", None)
    assert [item["item_id"] for item in row["items"]] == await shop.ids(user_id="u-42", limit=8)


@case('{"each": "category", "rows": 3}')
async def rows_of_categories(shop: Shop, text: str) -> None:
    page = await shop.answer("/pages/recommend", {"user_id": "u-9", "rows": [orjson.loads(text)]})
    assert {row["value"] for row in page["rows"]} == {"shoes", "tents", "clothes"}
    items = [item["item_id"] for row in page["rows"] for item in row["items"]]
    assert sorted(items) == sorted(ALL)
    brands = await shop.answer("/pages/recommend", {"user_id": "u-9", "rows": [{"each": "brand", "rows": 2}]})
    assert {row["value"] for row in brands["rows"]} == {"Fell", "Kite"}


@case("GET /scenarios/search/recommend?q=trail+sho")
async def search_as_a_scenario(shop: Shop, text: str) -> None:
    found = await shop.get(text.removeprefix("GET "))
    assert (found["scenario"], found["query"], found["strategy"]) == ("search", "trail sho", "search")
    assert {item["item_id"] for item in found["items"]} == {"sku-1", "sku-2"}


@case("GET /search?q=trail sho")
async def search_as_people_type(shop: Shop, text: str) -> None:
    path, _, query = text.removeprefix("GET ").partition("?")
    found = await shop.get(f"{path}?{query}")
    assert {item["item_id"] for item in found["items"]} == {"sku-1", "sku-2"}
    assert set(await shop.ids(path, q=parse_qs(query)["q"][0])) == {"sku-1", "sku-2"}
    assert await shop.ids(path, q="shoes trai l") == []


@case("exclude_seen=true")
async def users_of_an_item_without_those_who_saw_it(shop: Shop, text: str) -> None:
    found = await shop.get(f"/items/sku-3/users?{text}")
    assert (found["items"], bool(found["reason"])) == ([], True)
