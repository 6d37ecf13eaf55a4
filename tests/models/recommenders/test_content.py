from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.data.interactions import Interactions
from models.recommenders.content import Content, ContentConfig
from models.recommenders.recommender import TrainingData

NUMBER = 0.25
CONFIG = ContentConfig(max_share=1.0, number_weight=NUMBER, number_bins=3)


def interactions(count: int) -> Interactions:
    """Make a log in which somebody had each of the items a, b, c, …"""
    items = [chr(ord("a") + place) for place in range(count)]
    return Interactions.from_table(pa.table({"user_id": ["u"] * count, "item_id": items}))


def fitted(rows: Sequence[Mapping[str, Any]], config: ContentConfig = CONFIG) -> Content:
    names = {name for row in rows for name in row}
    table = pa.table({"item_id": [chr(ord("a") + place) for place in range(len(rows))]})
    for name in sorted(names):
        table = table.append_column(name, pa.array([row.get(name) for row in rows]))
    return Content.fit(TrainingData(interactions(len(rows)), table), config)


def similar(content: Content, item: int) -> dict[str, float]:
    codes, values = content.rows.row(item)
    return {chr(ord("a") + code): round(value, 4) for code, value in zip(codes.tolist(), values.tolist(), strict=True)}


def test_the_cosine_is_that_of_words_weighed_by_rarity() -> None:
    content = fitted([{"title": "red shoe shoe"}, {"title": "red hat"}, {"title": "blue", "description": "Shoe."}])
    half, all_ = np.log(3 / 2), np.log(3)
    twice = (1 + np.log(2)) * half
    a = np.hypot(half, twice)
    assert similar(content, 0) == pytest.approx(
        {"b": half * half / (a * np.hypot(half, all_)), "c": twice * half / (a * np.hypot(half, all_))}, abs=1e-4
    )
    assert similar(content, 1) == {"a": similar(content, 0)["b"]}


def test_words_and_labels_of_too_many_items_say_nothing() -> None:
    rows = [{"title": "the shoe"}, {"title": "the shoe"}, {"title": "the hat"}, {"title": "the end"}]
    assert similar(fitted(rows, ContentConfig(max_share=0.5)), 0) == {"b": 1.0}
    assert similar(fitted(rows, ContentConfig(max_share=0.25)), 0) == {}


def test_texts_and_booleans_among_the_attributes_are_labels() -> None:
    rows = [
        {"attributes": '{"brand": "Fell", "eco": true}'},
        {"attributes": '{"brand": "Fell", "eco": "yes"}'},
        {"attributes": '{"maker": "Fell", "eco": true}'},
        {"tags": '["Fell"]', "attributes": '{"eco": false}'},
    ]
    content = fitted(rows)
    assert set(similar(content, 0)) == {"b", "c"}
    assert similar(content, 3) == {}


def test_the_nearer_price_is_more_similar_and_none_outweighs_the_words() -> None:
    titles = ["red shoe"] * 3 + ["blue hat"] * 2
    prices = [10.0, 20.0, 40.0, 10.0, 40.0]
    content = fitted([{"title": title, "price": price} for title, price in zip(titles, prices, strict=True)])
    # The bins are at 10, 20 and 40: other prices share none.
    found = similar(content, 0)
    assert list(found)[-1] == "d"
    assert found == pytest.approx({"b": 1 / 1.25, "c": 1 / 1.25, "d": 0.25 / 1.25})
    prices[1:4] = [15.0, 40.0, 20.0]
    content = fitted([{"title": title, "price": price} for title, price in zip(titles, prices, strict=True)])
    # 15 lies half way between the bins at 10 and 20.
    assert similar(content, 0) == pytest.approx({"b": (1 + 0.25 * 0.5**0.5) / 1.25, "c": 0.8}, abs=1e-4)


def test_however_many_numbers_there_are_they_keep_their_share() -> None:
    same = {"price": 1.0, "attributes": {"w": 1.0, "h": 5.0}}
    rows = [
        {"title": "shoe", **same},
        {"title": "hat", **same},
        {"title": "sock", "price": 3.0, "attributes": {"w": 3.0, "h": 2.0}},
    ]
    assert similar(fitted(rows), 0) == pytest.approx({"b": 0.25 / 1.25})


def test_without_a_weight_numbers_say_nothing() -> None:
    rows = [{"title": "shoe", "price": 1.0}, {"title": "shoe", "price": 9.0}, {"title": "hat", "price": 1.0}]
    assert similar(fitted(rows, ContentConfig(max_share=1.0, number_weight=0.0)), 0) == {"b": 1.0}


def test_items_without_a_description_have_no_neighbours() -> None:
    rows: list[dict[str, Any]] = [{"title": "shoe", "price": 5.0}, {"title": "shoe", "price": 7.0}]
    content = fitted([*rows, {"title": None, "price": 5.0}, {"title": "!", "price": 5.0}])
    assert [similar(content, item) for item in (2, 3)] == [{}, {}]
    assert set(similar(content, 0)) == {"b"}
    assert content.neighbours_of({"price": 5.0})[0].tolist() == []


def test_a_new_item_has_neighbours_at_once() -> None:
    content = fitted(
        [{"title": "red shoe", "price": 5.0}, {"title": "blue shoe", "price": 6.0}, {"title": "hat", "price": 1.0}]
    )
    codes, similarities = content.neighbours_of({"title": "Unseen RED shoes, shoe", "price": 5, "tags": ["new"]})
    assert codes.tolist() == [0, 1]
    assert 1.0 > similarities[0] > similarities[1] > 0
    assert (codes.dtype, similarities.dtype) == (np.dtype(np.int32), np.dtype(np.float32))


def test_as_many_neighbours_are_given_as_are_kept() -> None:
    content = fitted(
        [{"title": f"shoe {'red ' * (place % 3)}"} for place in range(9)], CONFIG.model_copy(update={"neighbours": 4})
    )
    codes, similarities = content.neighbours_of({"title": "red shoe"})
    assert len(codes) == 4
    assert similarities.tolist() == sorted(similarities.tolist(), reverse=True)


@pytest.mark.parametrize("item", [{}, {"title": None}, {"title": "unheard of"}, {"tags": [], "attributes": {}}])
def test_what_shares_nothing_has_no_neighbours(item: dict[str, Any]) -> None:
    codes, similarities = fitted([{"title": "shoe"}, {"title": "shoe"}]).neighbours_of(item)
    assert codes.tolist() == similarities.tolist() == []


words = st.lists(st.sampled_from(["red", "blue", "shoe", "hat", "Hat"]), max_size=4).map(" ".join)
described = st.fixed_dictionaries(
    {
        "title": words,
        "tags": st.lists(st.sampled_from(["x", "y", "z"]), max_size=2),
        "price": st.one_of(st.none(), st.floats(0, 100)),
        "attributes": st.fixed_dictionaries({"w": st.one_of(st.none(), st.integers(0, 5)), "c": st.sampled_from("rg")}),
    }
)


@given(st.lists(described, min_size=1, max_size=8))
def test_an_item_of_the_catalogue_has_the_neighbours_of_its_row(rows: list[dict[str, Any]]) -> None:
    content = fitted(rows)
    for code, row in enumerate(rows):
        stored = dict(zip(*(part.tolist() for part in content.rows.row(code)), strict=True))
        found = dict(zip(*(part.tolist() for part in content.neighbours_of(row, itself=code)), strict=True))
        assert found == pytest.approx(stored, abs=1e-5)
        codes, similarities = content.neighbours_of(row)
        mine = similarities[codes == code].tolist()
        assert mine == pytest.approx([1.0]) or not stored


def manifest() -> Manifest:
    return Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")


def test_a_bundle_gives_back_the_same_neighbours(store: BundleStore) -> None:
    first = fitted([{"title": "red shoe", "price": 5.0}, {"title": "blue shoe", "price": 6.0}, {"title": "größe"}])
    loaded = Content.load(store.publish(manifest(), first.arrays()), first.config)
    for item in ({"title": "shoe", "price": 5.5}, {"title": "größe"}):
        for found, expected in zip(loaded.neighbours_of(item), first.neighbours_of(item), strict=True):
            assert found.tolist() == expected.tolist() != []
    assert [loaded.fits(n_items, 1) for n_items in (2, 3, 4)] == [False, True, False]


def test_without_a_catalogue_a_bundle_holds_nothing(store: BundleStore) -> None:
    first = Content.fit(TrainingData(interactions(2)), CONFIG)
    loaded = Content.load(store.publish(manifest(), first.arrays()), CONFIG)
    assert loaded.neighbours_of({"title": "shoe", "price": 3})[0].tolist() == []
    assert [loaded.fits(n_items, 1) for n_items in (1, 2, 3)] == [False, True, False]


def test_weights_that_do_not_fit_the_vocabulary_are_refused(store: BundleStore) -> None:
    arrays = fitted([{"title": "red shoe"}, {"title": "shoe"}]).arrays()
    bundle = store.publish(manifest(), arrays | {"content_idf": np.ones(1, dtype=np.float32)})
    with pytest.raises(BundleError, match="content_"):
        Content.load(bundle, CONFIG)
