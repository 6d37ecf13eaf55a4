"""Text in any encoding: detected and told, or named; a damaged line is named by its number."""

import pytest

from tests.app.cli.cases.shop import TIME, Shop, Stopped, Stored, case

TEXT = "item_id,title\ni1,Café „zum Löwen“ €5\ni2,Tea\n"
TITLES = [{"title": "Café „zum Löwen“ €5"}, {"title": "Tea"}]


@pytest.mark.parametrize(
    ("encoding", "options", "told"),
    [
        ("utf-8", (), ""),
        ("utf-8-sig", (), ""),
        ("utf-16", (), "utf-16"),
        ("utf-16-le", (), "utf-16-le"),
        ("utf-32", (), "utf-32"),
        ("cp1252", (), "windows-1252"),
        ("cp1250", ("--encoding", "cp1250"), "cp1250"),
        ("mac_roman", ("--encoding", "mac_roman"), "mac"),
    ],
)
def test_text_of_items_is_read_in_its_encoding(shop: Shop, encoding: str, options: tuple[str, ...], told: str) -> None:
    code, said = shop.take({"items.csv": TEXT.encode(encoding)}, *options)
    assert code == 0, said
    assert told in said
    assert shop.select("SELECT title FROM items ORDER BY item_id") == TITLES


DAMAGED = "user_id,item_id\nu,é\n".encode() + b"v,caf\xe9\nw,i\n"
CASES: dict[str, Stored | Stopped] = {
    "the file": Stored(
        case("latin1.csv"),
        [f"u1|caf=C3=A9|view|{TIME}", f"u2|i1|view|{TIME + 60}"],
        ["read as ',', windows-1252 (--delimiter, --encoding)"],
        options=["--ids", "encode"],
    ),
    "the file, with the encoding said": Stored(
        case("latin1.csv"),
        [f"u1|caf=D0=B9|view|{TIME}", f"u2|i1|view|{TIME + 60}"],
        options=["--ids", "encode", "--encoding", "cp1251"],
    ),
    "a damaged line among UTF-8": Stored(
        DAMAGED, ["u|=C3=A9|view|", "w|i|view|"], left_out=["line 3: 'v,caf\ufffd'"], options=["--ids", "encode"]
    ),
    "a bound that the file does not keep": Stored(
        "user_id,item_id\nu,i\nv,é\n".encode(),
        ["u|i|view|"],
        left_out=["line 3: 'v,é'"],
        options=["--encoding", "ascii"],
    ),
    "an encoding that there is not": Stopped(
        case("latin1.csv"), ["'runes' is not an encoding: use utf-8"], ["--encoding", "runes"]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_ids_are_read_in_their_encoding(shop: Shop, name: str) -> None:
    shop.check(CASES[name])
