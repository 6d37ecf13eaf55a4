"""Items with lists, prices, quotes and line breaks: read, or told by cell; and files that hold a part of the fields."""

import json
from typing import Any

import pytest

from tests.app.cli.cases.shop import FILES, Shop, case

FIELDS = "title, description, categories, tags, price, attributes, hidden, available_from"


def items(shop: Shop) -> dict[str, dict[str, Any]]:
    """Return what is stored of the items, without what is empty."""
    found = shop.select(f"SELECT item_id, {FIELDS} FROM items ORDER BY item_id")
    for one in found:
        for name in ("categories", "tags", "attributes"):
            one[name] = json.loads(str(one[name]))
    return {str(one.pop("item_id")): {name: value for name, value in one.items() if value} for one in found}


def left_out(said: str) -> list[str]:
    return [line.strip().partition("; accepted: ")[0] for line in said.splitlines() if "; accepted: " in line]


def test_the_file(shop: Shop) -> None:
    code, said = shop.take({"items.csv": case("items_pipe_categories.csv")})
    assert code == 0, said
    assert items(shop) == {
        "i1": {"title": "A\nB", "description": "line 1\r\nline 2", "categories": ["x"], "price": 3.0},
        "i2": {"title": 'She said "hi"', "description": "d", "categories": ["x", "y"], "price": 12.5},
        "i3": {"title": "t", "description": "d", "categories": ["x", "y"], "price": 12.5},
        "i4": {"title": "t", "description": "d", "price": 1234.5},
    }
    assert left_out(said) == ["items.csv, line 8, column price: '-1'"]


CASES: dict[str, tuple[str, dict[str, dict[str, object]], list[str]]] = {
    "lists of commas, bars and JSON in one column": (
        'item_id,genres\na,"x,y"\nb,x|y\nc,"[""x, y""]"\nd,"[\'x\']"\ne,x\n',
        {"a": {"categories": ["x", "y"]}, "b": {"categories": ["x", "y"]}, "c": {"categories": ["x, y"]},
         "d": {"categories": ["x"]}, "e": {"categories": ["x"]}},
        [],
    ),
    "prices with signs, codes and decimal commas": (
        'item_id;price\na;1.234,50 €\nb;USD 5\nc;1 234,5\nd;free\ne;\nf;"1,234.50"\ng;NULL\n',
        {"a": {"price": 1234.5}, "b": {"price": 5.0}, "c": {"price": 1234.5}, "e": {}, "f": {"price": 1234.5}, "g": {}},
        ["items.csv, line 5, column price: 'free'"],
    ),
    "a backslash before a quote": (
        'item_id,title\na,"say \\"hi\\" twice"\nb,"C:\\\\"\n',
        {"a": {"title": 'say "hi" twice'}, "b": {"title": "C:\\\\"}},
        [],
    ),
    "line breaks of any system in quotes": (
        'item_id,description\r\na,"one\ntwo"\r\nb,"one\r\ntwo"\r\nc,"one\rtwo"\r\n',
        {"a": {"description": "one\ntwo"}, "b": {"description": "one\r\ntwo"}, "c": {"description": "one\rtwo"}},
        [],
    ),
    "yes, no and numbers for hidden": (
        "item_id,hidden\na,yes\nb,No\nc,1\nd,0\ne,TRUE\nf,maybe\n",
        {"a": {"hidden": 1}, "b": {}, "c": {"hidden": 1}, "d": {}, "e": {"hidden": 1}},
        ["items.csv, line 7, column hidden: 'maybe'"],
    ),
    "attributes that are no object, and a label that is too long": (
        'item_id,attributes,tags\na,"{""c"": 1}",\nb,{bad,\nc,[1],\nd,,' + "x" * 300 + "\ne,,y\n",
        {"a": {"attributes": {"c": 1}}, "e": {"tags": ["y"]}},
        ["items.csv, line 3, column attributes: '{bad'", "items.csv, line 4, column attributes: '[1]'",
         f"items.csv, line 5, column tags: '{'x' * 80}...'"],
    ),
    "an item twice: the last row counts": (
        "item_id,title\na,old\nb,B\na,new\n", {"a": {"title": "new"}, "b": {"title": "B"}}, []
    ),
    "html and emoji in a text": (
        'item_id,title\na,"<b>A, ""B""</b> 😀"\n', {"a": {"title": '<b>A, "B"</b> 😀'}}, []
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_items_are_read_or_told_by_cell(shop: Shop, name: str) -> None:
    text, expected, bad = CASES[name]
    code, said = shop.take({"items.csv": text}, "--max-bad", "0.9")
    assert code == 0, said
    assert items(shop) == expected, said
    assert sorted(left_out(said)) == sorted(bad)


PARTIAL = {path.name: path.read_bytes() for path in (FILES / "items_two_columns").iterdir()}
MIDNIGHT = 1_767_225_600_000_000
FIRST: dict[str, dict[str, Any]] = {
    "i1": {"title": "T1", "description": "D1", "hidden": 1, "available_from": MIDNIGHT, "tags": ["x"],
           "attributes": {"c": 1, "brand": "Fell"}},
    "i2": {"title": "T2", "description": "D2", "hidden": 1, "available_from": MIDNIGHT,
           "attributes": {"brand": "Fell"}},
    "i3": {"title": "T3", "description": "D3", "hidden": 1, "available_from": 1_772_366_400_000_000,
           "attributes": {"brand": "Fell"}},
    "i4": {"title": "T4"},
}  # fmt: skip
OPTIONS = ("--map", "attributes.brand=brand", "--timezone", "UTC")


def test_the_files_of_a_part_of_the_fields(shop: Shop) -> None:
    code, said = shop.take({"items.csv": PARTIAL["items.csv"]}, *OPTIONS)
    assert code == 0, said
    assert items(shop) == FIRST
    assert left_out(said) == ["items.csv, line 6, column attributes: '{bad'"]
    code, said = shop.take({"more.csv": PARTIAL["items_second_import.csv"]})
    assert code == 0, said
    prices = {"i1": 5.0, "i2": 6.0, "i4": 7.0}
    assert items(shop) == {
        name: fields | ({"price": prices[name]} if name in prices else {}) for name, fields in FIRST.items()
    }


@pytest.mark.parametrize(
    ("text", "options", "changed"),
    [
        ("item_id,title\ni4,New\n", (), {"i4": {"title": "New"}}),
        ("item_id,title\ni1,\n", (), {"i1": FIRST["i1"]}),
        ("item_id,title\ni1,NULL\n", (), {"i1": FIRST["i1"]}),
        ("item_id,hidden\ni1,false\n", (), {"i1": {k: v for k, v in FIRST["i1"].items() if k != "hidden"}}),
        (
            "item_id,size\ni4,9\n",
            ("--map", "attributes.size=size"),
            {"i4": {"title": "T4", "attributes": {"size": "9"}}},
        ),
        ("item_id,title\ni1,Only\n", ("--replace",), {"i1": {"title": "Only"}}),
        ("item_id,title\ni9,Nine\n", (), {"i9": {"title": "Nine"}}),
    ],
)
def test_only_what_is_named_changes(
    shop: Shop, text: str, options: tuple[str, ...], changed: dict[str, dict[str, object]]
) -> None:
    shop.take({"items.csv": PARTIAL["items.csv"]}, *OPTIONS)
    code, said = shop.take({"again.csv": text}, "--as", "items", *options)
    assert code == 0, said
    assert items(shop) == FIRST | changed
