"""Lists of many numbers that nobody declared are not taken for the numbers of one field."""

from models.data.catalogue import attributes_of
from models.recommenders.item_terms import numbers_of


def test_long_lists_of_numbers_are_no_numbers_of_an_item() -> None:
    item = {"price": 2, "attributes": {"image": [0.5] * 384, "sizes": [36, 37.5], "deep": {"text": [1] * 8}}}
    assert numbers_of(item) == [("price", 2.0), ("attributes.sizes", 36.0), ("attributes.sizes", 37.5)]


def test_filters_still_find_each_of_them() -> None:
    found = list(attributes_of({"sizes": list(range(10))}))
    assert len(found) == 10


def test_lists_are_cut() -> None:
    assert len(list(attributes_of({"labels": [f"l{n}" for n in range(100_000)]}))) == 1000
