"""The search index: what is found, by which words, and that every way of writing an item keeps it right."""

from typing import Any

import pytest
from sqlalchemy import text

from app.errors import SchemaError
from app.process.resources import Resources
from app.storage.changes import ChangeStore
from app.storage.database import Database
from app.storage.item_filter import ItemFilter
from app.storage.items import ItemStore
from app.storage.migrations import upgrade
from app.storage.search import SearchStore
from app.storage.search_index import words_of
from tests.app.storage.test_items import put, row
from tests.app.storage.test_migrations import downgrade
from tests.app.storage.test_plans import plans


@pytest.fixture
def search(resources: Resources) -> SearchStore:
    return SearchStore(resources.database)


async def found(search: SearchStore, query: str, most: int = 1000) -> list[str]:
    """Search, and give the ids, best first."""
    scores = dict(await search.matching(words_of(query), most))
    assert all(score > 0 for score in scores.values())
    return sorted(scores, key=lambda item: (-scores[item], item))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Trail  shoe", ["Trail", "shoe"]),
        ("shoe trail shoe", ["trail", "shoe"]),
        ('a"b OR (c* NEAR/2 d) -e:f & !g', ["a", "b", "OR", "c", "NEAR", "2", "d", "e", "f", "g"]),
        ("e\u0301te\u0301", ["\xe9t\xe9"]),
        ("\u0939\u093f\u0928\u094d\u0926\u0940", ["\u0939\u093f\u0928\u094d\u0926\u0940"]),
        ("-- '\0' \ud800 *", []),
        ("", []),
    ],
)
def test_words_are_letters_and_digits_and_nothing_else(query: str, words: list[str]) -> None:
    assert words_of(query) == words


async def test_all_words_must_match_and_the_last_one_as_a_prefix(resources: Resources, search: SearchStore) -> None:
    await resources.items.put_many(
        [
            row("a", title="Trail running shoe"),
            row("b", title="Road running SHOES", description="for wet roads"),
            row("c", title="Trail mix"),
            row("d", title="Cr\xe8me br\xfbl\xe9e, 2-pack (O'Neill)"),
        ]
    )
    assert await found(search, "trail") == ["c", "a"]
    assert await found(search, "running sho") == ["a", "b"]
    assert await found(search, "RUNNING shoes") == ["b"]
    assert await found(search, "run shoe") == []
    assert await found(search, "roads for") == ["b"]
    assert await found(search, "creme BR\xdbL") == await found(search, "o'neill 2") == ["d"]
    assert await found(search, "o pack") == ["d"]


async def test_titles_weigh_most_then_labels_then_descriptions(resources: Resources, search: SearchStore) -> None:
    rows = [
        row("in-description", title="red box", description="a lamp"),
        row("in-tags", title="red box", tags=["lamp"]),
        row("in-categories", title="red box", categories=["lamp, desk"]),
        row("in-title", title="red lamp", description="a box"),
        row("begins", title="red lampshade"),
        *(row(f"other-{number}", title="something else") for number in range(20)),
    ]
    await resources.items.put_many(rows)
    order = await found(search, "lamp")
    assert order[0] == "in-title"
    assert set(order[-3:]) <= {"in-description", "in-tags", "in-categories", "begins"}
    assert order.index("in-tags") < order.index("in-description") > order.index("in-categories")
    assert len(order) == 5


async def test_every_write_of_an_item_is_in_the_index(resources: Resources, search: SearchStore) -> None:
    store = resources.items
    await store.put(row("a", title="oak", tags=["t1", 'wide "quoted"']))
    assert await found(search, "oak") == await found(search, "quoted") == ["a"]
    await store.put(row("a", title="elm"))
    assert await found(search, "oak") == await found(search, "t1") == []
    await store.change("a", lambda old: {**old, "description": "with bark", "hidden": True})
    assert await found(search, "elm bark") == ["a"]
    await store.change("a", lambda old: {**old, "price": 2.0})
    await resources.database.write(put(resources, [row("a", title="ash"), row("b", title="ash tree")]))
    assert await found(search, "elm") == []
    assert await found(search, "ash") == ["a", "b"]
    assert await store.delete("a")
    assert await found(search, "ash") == ["b"]
    await store.put(row("a", categories=["ash"]))
    assert sorted(await found(search, "ash")) == ["a", "b"]
    async with resources.database.writing() as connection:
        await connection.execute(text("DELETE FROM items WHERE item_id = 'b'"))
    assert await found(search, "ash") == ["a"]


async def test_an_item_that_an_interaction_named_first_is_found_once_it_is_described(
    resources: Resources, search: SearchStore
) -> None:
    def name(connection: Any) -> None:
        resources.first_mentions.create(connection, ["u"], ["late"])

    await resources.database.write(name)
    assert await found(search, "late") == []
    await resources.items.put(row("late", title="late bloomer"))
    assert await found(search, "late") == ["late"]


async def test_a_transaction_that_fails_leaves_the_index_as_it_was(resources: Resources, search: SearchStore) -> None:
    await resources.items.put(row("a", title="oak"))

    def fail(connection: Any) -> None:
        resources.items.put_now(connection, [row("a", title="elm")])
        raise RuntimeError

    with pytest.raises(RuntimeError):
        await resources.database.write(fail)
    assert await found(search, "oak") == ["a"]
    assert await found(search, "elm") == []


async def test_of_more_matches_than_are_scored_those_with_the_whole_word_are_kept(
    resources: Resources, search: SearchStore
) -> None:
    rows = [row(f"begins-{number}", title=f"lampshade {number}") for number in range(10)]
    middle = row("whole", title="a very long title of a lamp with many more words")
    await resources.items.put_many([*rows, middle, *(one | {"item_id": one["item_id"] + "-2"} for one in rows)])
    matches = await found(search, "lamp", most=5)
    assert "whole" in matches
    assert len(matches) <= 6
    assert len(await found(search, "lampshade", most=5)) == 5


@pytest.mark.parametrize("query", ["NOT", "title:oak", 'x" AND "y', "'; oak --", "^not", "oak*", "a:*B", "\\ !a ((("])
async def test_what_is_typed_is_data(resources: Resources, search: SearchStore, query: str) -> None:
    await resources.items.put(row("i", title="title:oak not x and y a:b"))
    assert await found(search, query) == ["i"]
    assert await found(search, query + " NEAR elm") == []
    assert await found(search, query + " \xdf\u0130\ue000\U0001f980") == []


async def test_a_query_may_have_many_words(resources: Resources, search: SearchStore) -> None:
    words = [f"{number}" for number in range(128)]
    await resources.items.put(row("i", title=" ".join(words)))
    assert await found(search, " ".join(words)) == ["i"]


async def test_labels_of_any_length_are_stored(resources: Resources, search: SearchStore) -> None:
    labels = [f"{number:03d}" + "\u0436" * 200 + f"{number:03d}" for number in range(1000)]
    await resources.items.put(row("a", title="oak", categories=labels, tags=labels, description="word " * 4000))
    assert await found(search, "oak") == ["a"]


@pytest.fixture
async def bare(resources: Resources) -> Database:
    """A database as it was before there was an index, with items."""
    await resources.items.put_many([row("a", title="oak", tags=["tall"]), row("b"), row("c", description="oak bark")])
    await resources.items.delete("b")
    async with resources.database.writing() as connection:
        await connection.run_sync(downgrade, "0009")
    return resources.database


async def test_without_the_index_the_text_names_the_command_that_makes_it(bare: Database, search: SearchStore) -> None:
    items = ItemStore(bare, ChangeStore(bare))
    for query in (search.matching(["oak"], 10), items.page(ItemFilter(title="oak"), None, 9)):
        with pytest.raises(SchemaError, match="run `braid migrate`"):
            await query


async def test_the_migration_fills_the_index(bare: Database, resources: Resources, search: SearchStore) -> None:
    assert (await upgrade(bare))[0] == "0009"
    assert await found(search, "oak") == ["a", "c"]
    await resources.items.put(row("a", title="elm"))
    await resources.items.put(row("b", title="oak"))
    assert sorted(await found(search, "oak")) == ["b", "c"]
    assert await found(search, "tall") == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
async def test_the_index_outlives_a_vacuum(resources: Resources, search: SearchStore) -> None:
    await resources.items.put_many([row(f"i{number}", title=f"oak n{number}") for number in range(9)])
    async with resources.database.writing() as connection:
        await connection.execute(text("DELETE FROM items WHERE item_id < 'i5'"))
    async with resources.database.engine.connect() as connection:
        await connection.exec_driver_sql("VACUUM")
    assert await found(search, "n7") == ["i7"]
    await resources.items.put(row("i7", title="elm"))
    assert await found(search, "n7") == []
    assert await found(search, "oak") == ["i5", "i6", "i8"]


async def test_nothing_scans_the_items(resources: Resources, search: SearchStore) -> None:
    rows = [row(f"i{number}", title=f"oak w{number % 100} n{number}") for number in range(3000)]
    await resources.items.put_many(rows)
    async with resources.database.writing() as connection:
        await connection.exec_driver_sql("ANALYZE")
    store = resources.items
    seen = [
        await plans(resources, lambda _: search.matching(["oak", "n2999"], 100)),
        await plans(resources, lambda _: store.page(ItemFilter(title="oak n2999"), None, 10)),
    ]
    for plan in seen:
        assert "SCAN items " not in f"{plan} "
        assert "SCAN items\n" not in f"{plan}\n"
        assert "Seq Scan" not in plan
        assert "VIRTUAL TABLE INDEX" in plan or "ix_items_search_vector" in plan
