"""Ids with spaces, slashes, accents and emoji: kept, encoded, or a stop before anything is stored."""

import pytest

from models.data.reading.ids import decoded
from tests.app.cli.cases.shop import TIME, Shop, Stopped, Stored, case

FILE = case("ids.csv")
KEPT = [
    f"John Smith|a/b|view|{TIME}",
    f"u2|café|view|{TIME + 60}",
    f"u3|😀|view|{TIME + 60}",
    f"u4|ok|view|{TIME + 70}",
]
CASES: dict[str, Stored | Stopped] = {
    "the file": Stopped(
        FILE,
        [
            "log.csv: 1 of the first 4 ids in 'user_id' are not taken, such as 'John Smith'",
            "BRAID_ID_RULE=utf8 takes them as they are, --ids encode encodes them, --ids drop leaves their rows out",
            "3 of the first 4 ids in 'item_id' are not taken, such as 'a/b'",
        ],
    ),
    "the file, encoded": Stored(
        FILE,
        [
            f"John=20Smith|a=2Fb|view|{TIME}",
            f"u2|caf=C3=A9|view|{TIME + 60}",
            f"u3|=F0=9F=98=80|view|{TIME + 60}",
            f"u4|ok|view|{TIME + 70}",
        ],
        ['ids = "encode"'],
        options=["--ids", "encode"],
    ),
    "rows that are dropped on request": Stored(
        "user_id,item_id\na,i\nb,i j\nc,i\n",
        ["a|i|view|", "c|i|view|"],
        left_out=["line 3, column item_id: 'i j'"],
        options=["--ids", "drop"],
    ),
    "digits stay text": Stored(
        "user_id,item_id\n007,1.0\n7,1e5\n", ["007|1.0|view|", "7|1e5|view|"]
    ),
    "spaces behind delimiters": Stored("user_id, item_id\nu1, i1\nu2 ,\ti2\n", ["u1|i1|view|", "u2|i2|view|"]),
    "dots": Stored(
        "user_id,item_id\n..,i\nu,.\n", ["=2E=2E|i|view|", "u|=2E|view|"], options=["--ids", "encode"]
    ),
    "an id that is too long once it is encoded costs its row": Stored(
        f"user_id,item_id\n{'é' * 100},i\nu,i\n",
        ["u|i|view|"],
        left_out=[f"line 2, column user_id: '{'é' * 80}...'"],
        options=["--ids", "encode", "--max-bad", "0.5"],
    ),
    "equals signs are encoded too": Stored(
        "user_id,item_id\na=b,a=20b\nc,a b\n", ["a=3Db|a=3D20b|view|", "c|a=20b|view|"], options=["--ids", "encode"]
    ),
    "one odd id among many": Stopped(
        "user_id,item_id\n" + "".join(f"u{number},i\n" for number in range(50)) + "u,50% off\n",
        ["1 of the first 2 ids in 'item_id' are not taken, such as '50% off'"],
    ),
    "a control character": Stored(
        "user_id,item_id\nu,i\nv,a\x07b\nw,i\n",
        ["u|i|view|", "w|i|view|"],
        left_out=["line 3, column item_id: 'a\\x07b'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_ids_by_the_strict_rule(shop: Shop, name: str) -> None:
    shop.check(CASES[name])


@pytest.mark.usefixtures("ids_are_reset")
def test_the_wider_rule_keeps_every_row(shop: Shop) -> None:
    shop.check(Stored(FILE, KEPT), BRAID_ID_RULE="utf8")


def test_encoded_ids_can_be_decoded_and_items_have_the_same(shop: Shop) -> None:
    code, said = shop.take({"log.csv": FILE, "items.csv": "item_id,title\ncafé,Coffee\n"}, "--ids", "encode")
    assert code == 0, said
    stored = shop.select("SELECT user_id, item_id FROM interactions ORDER BY id")
    assert [f"{decoded(row['user_id'])}|{decoded(row['item_id'])}" for row in stored] == [
        row.rsplit("|", 2)[0] for row in KEPT
    ]
    titled = shop.select("SELECT item_id, title FROM items WHERE title IS NOT NULL")
    assert titled == [{"item_id": "caf=C3=A9", "title": "Coffee"}]
