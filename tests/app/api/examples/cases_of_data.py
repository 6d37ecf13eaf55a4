"""What the page says in its sentences of errors, stored data, the schema and measures; and its TOML files."""

import tomllib
from pathlib import Path

import orjson

from app.services.recommending.wording import Wording
from models.data.schema import read_schema
from tests.app.api.examples.page import PAGE, examples_of
from tests.app.api.examples.shop import ALL, SHOES, Shop, case

EXPLANATIONS, SCHEMA = [
    example.text for example in examples_of(PAGE.read_text(encoding="utf-8")) if example.kind == "toml"
]


@case(EXPLANATIONS)
async def file_of_explanations(_shop: Shop, text: str) -> None:
    path = Path("explanations.toml")
    path.write_text(text, encoding="utf-8")
    wording = Wording(path)
    assert wording.in_language(None).because("view", "Alien") == "Omdat je Alien hebt bekeken"
    assert wording.in_language("en").because("view", "Alien") == "Because you watched Alien"
    assert wording.in_language("nl").of_list("popular", None) == Wording().in_language("en").of_list("popular", None)


@case(SCHEMA)
async def file_of_a_schema(shop: Shop, text: str) -> None:
    path = Path("schema.toml")
    path.write_text(text, encoding="utf-8")
    read_schema(path)
    declared = await shop.answer("/schema", tomllib.loads(text) | {"users": {"country": {"type": "category"}}}, "PUT")
    assert declared == read_schema(path).model_dump(mode="json", exclude_none=True)


@case('[{"field", "code", "detail"}]')
async def wrong_fields(shop: Shop, text: str) -> None:
    problem = await shop.answer("/interactions", {"user_id": "a b", "price": 1}, status=422)
    assert {error["field"] for error in problem["errors"]} == {"user_id", "item_id", "event_type", "price"}
    names = set(orjson.loads(text.replace("{", "[").replace("}", "]"))[0])
    assert all(set(error) == names for error in problem["errors"])


@case("dry_run=true")
async def only_checked(shop: Shop, text: str) -> None:
    await shop.answer(f"/scenarios/new?{text}", {"kind": "popular"}, "PUT")
    assert "new" not in {one["name"] for one in (await shop.get("/scenarios"))["items"]}


@case("force=true")
async def forced_activation(shop: Shop, text: str) -> None:
    problem = await shop.answer(f"/bundles/none/activate?{text}", status=404)
    assert problem["code"] == "not_found"


@case("?atomic=true")
async def all_or_none(shop: Shop, text: str) -> None:
    rows = [{"user_id": "u-9", "item_id": "sku-1", "event_type": "view"}, {"user_id": "u-9"}]
    problem = await shop.answer(f"/interactions/batch{text}", rows, status=422)
    assert (problem["code"], {error["index"] for error in problem["errors"]}) == ("batch_refused", {1})
    for path, key in (("/items", "item_id"), ("/users", "user_id")):
        problem = await shop.answer(f"{path}/batch{text}", [{key: "new"}, {key: "a b"}], status=422)
        assert (problem["code"], [error["index"] for error in problem["errors"]]) == ("batch_refused", [1])
        assert (await shop.client.get(f"{path}/new")).status_code == 404
    assert (await shop.client.get("/users/u-9")).status_code == 404


@case("{stored, refused, errors}")
async def answer_of_a_batch(shop: Shop, text: str) -> None:
    for path, key in (("/items", "item_id"), ("/users", "user_id")):
        found = await shop.answer(f"{path}/batch", [{key: "one"}, {key: "one"}, {key: "a b"}])
        assert list(found) == text.strip("{}").split(", ")
        assert (found["stored"], found["refused"]) == (2, 1)


@case("DELETE /items?item_id=sku-3&item_id=sku-5", "DELETE /items?category=shoes&price_gte=100")
async def several_deleted(shop: Shop, text: str) -> None:
    path = text.removeprefix("DELETE ")
    gone = {"sku-3", "sku-5"} if "item_id" in path else {"sku-2", "sku-3"}
    assert await shop.answer(path, method="DELETE") == {"deleted": 2}
    assert {item["item_id"] for item in (await shop.get("/items"))["items"]} & ALL == ALL - gone
    assert set(await shop.ids()) == ALL - gone


@case('{"deleted": 2}')
async def number_of_deleted(shop: Shop, text: str) -> None:
    path = "/items?item_id=sku-3&item_id=sku-5&item_id=sku-99"
    assert await shop.answer(path, method="DELETE") == orjson.loads(text)
    await shop.answer("/items", method="DELETE", status=422)
    assert {item["item_id"] for item in (await shop.get("/items?category=shoes"))["items"]} == SHOES - {"sku-3"}


@case('{"lat": 52.5, "lon": 13.4}')
async def place(shop: Shop, text: str) -> None:
    await shop.answer("/schema", {"items": {"shop": {"type": "place"}}}, "PUT")
    await shop.answer("/items/sku-1", {"attributes": {"shop": orjson.loads(text)}}, "PATCH")
    assert await shop.list_like('{"field": "attributes.shop.lat", "eq": 52.5}') == {"sku-1"}
    problem = await shop.answer("/items/sku-1", {"attributes": {"shop": {"lat": 52.5}}}, "PATCH", 422)
    assert [error["code"] for error in problem["errors"]] == ["attribute_type"]


@case('{"into": "u-42"}')
async def merge(shop: Shop, text: str) -> None:
    into = orjson.loads(text)
    merged = await shop.answer("/users/u-7/merge", into)
    assert merged == {"user_id": "u-7", **into, "moved": 2, "created": False}
    log = (await shop.get("/users/u-42/interactions"))["items"]
    assert sorted(one["item_id"] for one in log) == ["sku-1", "sku-3", "sku-3", "sku-5"]
    assert await shop.answer("/users/u-7/merge", into) == merged
    problem = await shop.answer("/users/u-7/merge", {"into": "u-8"}, status=409)
    assert problem["code"] == "already_merged"


@case("GET /metrics/online?from=2026-03-01&to=2026-03-31")
async def measures_of_a_month(shop: Shop, text: str) -> None:
    shown = {"user_id": "u-42", "item_id": "sku-1", "event_type": "shown", "request_id": "r", "position": 1}
    for moment in ("2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z", "2026-03-31T23:59:59Z", "2026-04-01T00:00:00Z"):
        await shop.answer("/interactions", shown | {"timestamp": moment, "request_id": moment}, status=201)
    found = await shop.get(text.removeprefix("GET "))
    assert found["total"]["impressions"] == 2
    assert [day["day"] for day in found["by_day"]] == ["2026-03-01", "2026-03-31"]
