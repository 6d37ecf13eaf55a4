"""Cells that are empty, odd or of another kind: each is named with its line, and what would be accepted."""

import pytest

from tests.app.cli.cases.shop import TIME, Shop, Stored, case

HEADER = "user_id,item_id,event_type,timestamp\n"
GOOD = f"u,i,view,{TIME}\n"
KEPT = f"u|i|view|{TIME}"


def odd(*lines: str, rows: tuple[str, ...] = (), left_out: tuple[str, ...] = ()) -> Stored:
    return Stored(HEADER + GOOD + "".join(f"{line}\n" for line in lines), [KEPT, *rows], left_out=left_out,
                  options=["--max-bad", "1"])  # fmt: skip


CASES = {
    "the file": Stored(
        case("empty_cells.csv"),
        [f"u5|i1|view|{TIME}", f"u6|i1|view|{TIME}", "u8|i1|view|0"],
        [
            "accepted: 1 to 128 characters of letters, digits and . _ - : @ + = ~",
            "accepted: one of cart, click, dislike, like, purchase, rating, recommended, return, shown, view; --event",
            "accepted: a time from 1970 to now",
        ],
        [
            "line 2, column item_id: ''",
            "line 3, column user_id: ''",
            "line 4, column event_type: ''",
            "line 5, column timestamp: ''",
            "line 12, column user_id: 'NULL'",
            "line 13, column user_id: 'nan'",
            "line 8, column event_type: 'bought'",
            "line 10, column timestamp: '-5'",
            "line 11, column timestamp: '9999999999'",
        ],
        ["--max-bad", "100%"],
    ),
    "cells that mean nothing": odd(
        f"\\N,i,view,{TIME}", f"-,i,view,{TIME}", f"None,i,view,{TIME}", f"u,<NA>,view,{TIME}", "u,i,view,NaN",
        left_out=(
            "line 3, column user_id: '\\\\N'", "line 4, column user_id: '-'", "line 5, column user_id: 'None'",
            "line 6, column item_id: '<NA>'", "line 7, column timestamp: 'NaN'",
        ),
    ),
    "words that hold them are none": odd(
        f"Nonesuch,i,view,{TIME}", f"nana,-5,view,{TIME}", rows=(f"Nonesuch|i|view|{TIME}", f"nana|-5|view|{TIME}")
    ),
    "event types in any form": odd(
        f"a,i,Add-To-Cart,{TIME}", f"b,i,ADD TO CART,{TIME}", f"c,i,PageView,{TIME}", f"d,i,page_view ,{TIME}",
        rows=(f"a|i|cart|{TIME}", f"b|i|cart|{TIME}", f"c|i|view|{TIME}", f"d|i|view|{TIME}"),
    ),
    "times beyond all bounds": odd(
        "a,i,view,inf", "b,i,view,1e400", "c,i,view,-1", "e,i,view,true",
        left_out=("line 3, column timestamp: 'inf'", "line 4, column timestamp: '1e400'",
                  "line 5, column timestamp: '-1'", "line 6, column timestamp: 'true'"),
    ),
    "cells in quotes, and with spaces": odd(
        f'"a" ,"i","view","{TIME}"', f"b , i ,view , {TIME} ", rows=(f"a|i|view|{TIME}", f"b|i|view|{TIME}")
    ),
    "rows of nothing": odd(",,,", "NULL,NULL,NULL,NULL", left_out=(
        "line 3, column user_id: ''", "line 4, column user_id: 'NULL'")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_odd_cells_are_named(shop: Shop, name: str) -> None:
    shop.check(CASES[name])
