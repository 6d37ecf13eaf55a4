"""The sample shop: a funnel of views, carts and purchases over products with names and prices."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from models.data.folder import DataSet
from models.data.sample_shop import generate_shop


@pytest.fixture(scope="module")
def shop() -> DataSet:
    return generate_shop(400, 300, 12_000, seed=3)


def keys(table: pa.Table) -> set[tuple[str, str]]:
    return set(zip(table["user_id"].to_pylist(), table["item_id"].to_pylist(), strict=True))


def of(shop: DataSet, kind: str) -> pa.Table:
    return shop.interactions.filter(pc.equal(shop.interactions["event_type"], kind))


def test_the_log_is_mostly_views_and_has_as_many_rows_as_wanted(shop: DataSet) -> None:
    counts = [of(shop, kind).num_rows for kind in ("view", "cart", "purchase")]
    assert sum(counts) == 12_000
    assert counts[0] > 10 * counts[2] > 0
    assert counts[1] > counts[2]


def test_what_is_bought_was_viewed_and_put_into_the_cart_before(shop: DataSet) -> None:
    assert keys(of(shop, "purchase")) <= keys(of(shop, "cart")) <= keys(of(shop, "view"))


def test_purchases_have_pieces_and_what_they_cost(shop: DataSet) -> None:
    assert shop.items is not None
    price = dict(zip(shop.items["item_id"].to_pylist(), shop.items["price"].to_pylist(), strict=True))
    bought = of(shop, "purchase").to_pylist()
    assert {row["quantity"] for row in bought} > {1.0}
    for row in bought:
        assert row["revenue"] == pytest.approx(row["quantity"] * price[row["item_id"]], abs=0.01)
    assert of(shop, "view")["revenue"].null_count == of(shop, "view").num_rows


def test_what_is_viewed_most_is_not_what_is_bought_most(shop: DataSet) -> None:
    counts = {}
    for kind in ("view", "purchase"):
        found = {one["values"]: one["counts"] for one in pc.value_counts(of(shop, kind)["item_id"]).to_pylist()}
        counts[kind] = np.array([found.get(item, 0) for item in shop.items["item_id"].to_pylist()])  # type: ignore[index]
    rates = counts["purchase"] / np.maximum(counts["view"], 1)
    often = counts["view"] >= 30
    assert rates[often].max() > 3 * max(rates[often].min(), 0.01)


def test_products_have_names_brands_categories_and_prices(shop: DataSet) -> None:
    assert shop.items is not None
    assert len(set(shop.items["title"].to_pylist())) == 300
    for row in shop.items.slice(0, 20).to_pylist():
        assert row["title"].startswith(row["brand"])
        assert row["price"] > 0
        assert len(row["categories"]) == 1
        assert row["description"]


def test_the_same_seed_makes_the_same_shop() -> None:
    first, again, other = (generate_shop(20, 30, 300, seed=seed) for seed in (1, 1, 2))
    assert first.interactions.equals(again.interactions)
    assert not first.interactions.equals(other.interactions)


@pytest.mark.parametrize("size", [(0, 5, 5), (5, 0, 5), (6, 5, 5)])
def test_impossible_sizes_are_refused(size: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="at least"):
        generate_shop(*size)


def test_a_shop_of_one_product_works() -> None:
    assert generate_shop(5, 1, 10).interactions.num_rows == 10
