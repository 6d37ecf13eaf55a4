"""Shops that have just begun: their rows are stored; models/training/test_small_shops.py trains on these files."""

import pytest

from tests.app.cli.cases.shop import TIME, Shop, case


def log(*rows: tuple[str, str, str]) -> str:
    lines = (f"{user},{item},{kind},{TIME + 60 * place}\n" for place, (user, item, kind) in enumerate(rows))
    return "user_id,item_id,event_type,timestamp\n" + "".join(lines)


SHOPS: dict[str, tuple[str | bytes, int, int]] = {
    "one each": (case("one_interaction_each.csv"), 300, 50),
    "two each of five items": (case("two_each_catalogue_of_5.csv"), 100, 5),
    "a single row": (log(("u", "i", "view")), 1, 1),
    "one user alone": (log(*[("u", f"i{item}", "view") for item in range(6)]), 1, 6),
    "one item alone": (log(*[(f"u{user}", "i", "view") for user in range(6)]), 6, 1),
    "purchases alone": (log(*[(f"u{user}", f"i{user % 3}", "purchase") for user in range(6)]), 6, 3),
    "the same row again and again": (log(*[("u", "i", "view")] * 5), 1, 1),
}


@pytest.mark.parametrize("name", SHOPS)
def test_every_row_of_a_new_shop_is_stored(shop: Shop, name: str) -> None:
    text, users, items = SHOPS[name]
    code, said = shop.take({"log.csv": text})
    assert code == 0, said
    count = "SELECT COUNT(DISTINCT user_id) AS users, COUNT(DISTINCT item_id) AS items FROM interactions"
    assert shop.select(count) == [{"users": users, "items": items}]
