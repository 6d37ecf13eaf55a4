"""Negative quantities are returns, and never purchases."""

import pytest

from tests.app.cli.cases.shop import TIME, Shop, Stopped, Stored, case

HEADER = "user_id,item_id,event_type,timestamp,"
CASES: dict[str, Stored | Stopped] = {
    "the file": Stored(
        case("negative_quantity.csv"),
        [f"u1|i1|purchase|{TIME}|quantity=-3", f"u2|i1|purchase|{TIME + 60}|quantity=2"],
    ),
    "a quantity by another name, with a unit price": Stored(
        f"{HEADER}Qty,UnitPrice\nu1,i1,purchase,{TIME},-3,2.5\nu2,i1,purchase,{TIME},2,$4\n",
        [f"u1|i1|purchase|{TIME}|quantity=-3|revenue=-7.5", f"u2|i1|purchase|{TIME}|quantity=2|revenue=8"],
    ),
    "brackets and trailing minus signs of bookkeepers": Stored(
        f"{HEADER}quantity\nu1,i1,purchase,{TIME},(3)\nu2,i1,purchase,{TIME},3-\n",
        [f"u1|i1|purchase|{TIME}|quantity=-3", f"u2|i1|purchase|{TIME}|quantity=-3"],
    ),
    "a minus sign of typographers": Stored(
        f"{HEADER}quantity\nu1,i1,purchase,{TIME},\u22123\n", [f"u1|i1|purchase|{TIME}|quantity=-3"]
    ),
    "a refund by its event type": Stored(
        f"{HEADER}quantity\nu1,i1,refund,{TIME},3\n", [f"u1|i1|return|{TIME}|quantity=3"],
        ["'refund' is read as 'return'"],
    ),
    "nothing, and no number, cost their rows": Stored(
        f"{HEADER}quantity\nu1,i1,purchase,{TIME},0\nu2,i1,purchase,{TIME},many\nu3,i1,purchase,{TIME},\n"
        f"u4,i1,purchase,{TIME},1.0\n",
        [f"u3|i1|purchase|{TIME}", f"u4|i1|purchase|{TIME}|quantity=1"],
        left_out=["line 2, column quantity: '0'", "line 3, column quantity: 'many'"],
    ),
    "an amount that is not mapped": Stopped(
        f"{HEADER}amount\nu1,i1,purchase,{TIME},-3\n",
        ["the column 'amount' looks like an amount", "--map with quantity, revenue or unit_price, or --ignore amount"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_returns_stay_returns(shop: Shop, name: str) -> None:
    shop.check(CASES[name])
