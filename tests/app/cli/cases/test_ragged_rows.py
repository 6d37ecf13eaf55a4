"""Rows with too few or too many cells, and quotes that do not end: they cost themselves, and are named by line."""

import gzip

import pytest

from tests.app.cli.cases.shop import TIME, Shop, Stopped, Stored, case

HEADER = "user_id,item_id,event_type,timestamp\n"


def row(number: int) -> str:
    return f"u{number},i,view,{TIME}\n"


def kept(*numbers: int) -> list[str]:
    return [f"u{number}|i|view|{TIME}" for number in numbers]


CASES: dict[str, Stored | Stopped] = {
    "the file": Stored(
        case("ragged.csv"),
        [f"u1|i1|view|{TIME}", f"u5|i1|view|{TIME}"],
        ["interactions: 5 rows read, 2 kept", "1 dropped: a quote that does not end"],
        ["line 3: 'u2,i1,view'", "line 5: 'u4,\"i1,view,1772366400'", "line 4: 'u3,i1,view,1772366400,extra'"],
        ["--max-bad", "100%"],
    ),
    "cells of nothing at the ends": Stored(f"{HEADER}u1,i,view,{TIME},,\nu2,i,view,{TIME}\n", kept(1, 2)),
    "a file that was cut": Stored(
        HEADER + row(1) + row(2) + "u3,i,vi", kept(1, 2), left_out=["line 4: 'u3,i,vi'"], name="cut.csv"
    ),
    "a comma in a text that is not quoted": Stored(
        HEADER + row(1) + f"u2,Shoes, red,view,{TIME}\n" + row(3),
        kept(1, 3),
        left_out=[f"line 3: 'u2,Shoes, red,view,{TIME}'"],
    ),
    "empty lines and lines of spaces": Stored(f"{HEADER}\n{row(1)}\n  \n{row(2)}\n\n", kept(1, 2)),
    "a second header": Stored(
        HEADER + row(1) + HEADER + row(2), kept(1, 2), left_out=["line 3, column event_type: 'event_type'"]
    ),
    "line breaks of an old Macintosh": Stored(
        (HEADER + row(1) + "u2,i\n" + row(3)).replace("\n", "\r"), kept(1, 3), left_out=["line 3: 'u2,i'"]
    ),
    "a quoted cell over several lines": Stored(
        f'{HEADER}{row(1)}u2,"i\n",view\n{row(3)}', kept(1, 3), left_out=["line 3: 'u2,\"i'", "line 4: '\",view'"]
    ),
    "packed": Stored(
        gzip.compress((HEADER + row(1) + "u2\n" + row(3)).encode()), kept(1, 3), left_out=["line 3: 'u2'"],
        name="log.csv.gz",
    ),
    "what Excel writes first": Stored(f"sep=;\n{HEADER}{row(1)}u2;i\n{row(3)}".replace(",", ";"), kept(1, 3),
        left_out=["line 4: 'u2;i'"]),
    "rows before the half are bad": Stopped(
        HEADER + row(1) + "u2\nu3\n", ["more than 50% of the rows cannot be read (--max-bad)", "line 3: 'u2'"]
    ),
    "no row can be read": Stopped(HEADER + "u2\nu3,i\n", ["no row can be imported: 2 rows read, 0 kept"]),
    "no bad row at all is wanted": Stopped(
        HEADER + "".join(map(row, range(30))) + "u\n", ["--strict takes no file", "line 32: 'u'"], ["--strict"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_bad_rows_cost_themselves(shop: Shop, name: str) -> None:
    shop.check(CASES[name])
