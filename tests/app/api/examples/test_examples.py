"""Every example of docs/api.md is run."""

from typing import Any

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.examples import cases_of_data, cases_of_filters, cases_of_lists  # noqa: F401 - they fill CASES
from tests.app.api.examples.following import Follower
from tests.app.api.examples.page import PAGE, Call, calls_of, examples_of
from tests.app.api.examples.shop import CASES, Shop

EXAMPLES = list(examples_of(PAGE.read_text(encoding="utf-8")))
CASED = [example for example in EXAMPLES if example.kind != "http"]


async def test_the_page_can_be_followed_from_top_to_bottom(follower: Follower) -> None:
    found, calls = list[str](), 0
    for example in EXAMPLES:
        for call in calls_of(example) if example.kind == "http" else ():
            found += await follower.follow(call)
            calls += 1
    assert found == []
    assert calls > 30


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("text", CASES)
async def test_an_example_does_what_its_sentence_says(shop: Shop, text: str) -> None:
    await CASES[text](shop, text)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_filters_hold_on_a_bundle_too(bundles: BundleStore, shop: Shop) -> None:
    of_filters = [one for one in CASES.items() if one[1].__module__ == cases_of_filters.__name__]
    assert len(of_filters) > 5
    for text, run in of_filters:
        await run(shop, text)


def test_every_example_has_a_case() -> None:
    assert [str(example) for example in CASED if example.text not in CASES] == []


def test_every_case_has_its_example() -> None:
    assert set(CASES) - {example.text for example in CASED} == set()


def test_what_an_example_is() -> None:
    block = '```http\nGET /a\n204\n\nPUT /a\n{}\n200 {"a":\n 1}\n```'
    page = f'# H\n`GET /a/{{b}}` `GET /a?b=c` `{{"a": 1}}` `title` `limit`\n{block}\n`a=b`\n'
    found = list(examples_of(page))
    assert [(one.line, one.kind) for one in found] == [(4, "http"), (2, "inline"), (2, "inline"), (12, "inline")]
    assert [one.text for one in found[1:]] == ["GET /a?b=c", '{"a": 1}', "a=b"]
    assert list(calls_of(found[0])) == [
        Call(4, "GET", "/a", "", 204, None),
        Call(7, "PUT", "/a", "{}", 200, {"a": 1}),
    ]


def test_a_difference_is_told(openapi: dict[str, Any]) -> None:
    compared = Follower(httpx.AsyncClient(), openapi).compared
    real = {"items": [{"item_id": "sku-1", "score": 0.5}], "reason": None}
    assert list(compared("", {"items": [{"item_id": "sku-1", "score": 7.1}], "reason": "…"}, real)) == []
    assert list(compared("", {"items": [{"item_id": "sku-2", "score": 0.5}], "reason": None}, real)) == [
        ".items[].item_id: is 'sku-1', not 'sku-2'"
    ]
    assert list(compared("", {"items": [], "reason": None}, real)) == [f".items: is {real['items']}, not []"]
    assert list(compared("", {"items": "…"}, real)) == [": the keys are ['items', 'reason'], not ['items']"]
    assert list(compared("", {"score": "high"}, {"score": 1.0})) == [".score: is 1.0, not 'high'"]
