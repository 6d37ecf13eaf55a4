"""Numbers that are only an order are never taken for times, and retention leaves their rows alone."""

import asyncio

import pytest

from app.config import Settings
from app.process.resources import Resources
from app.services.users.retention import Retention
from app.storage.retention import RetentionStore
from tests.app.cli.cases.shop import TIME, Shop, Stopped, Stored, case

FILE = case("order_and_retention/interactions.csv")
ORDER = ("--timestamps", "order")
ROWS = ["u1|i1|view||sequence=1", "u1|i2|view||sequence=2", "u2|i1|view||sequence=3"]


def log(*cells: object, name: str = "timestamp") -> str:
    return f"user_id,item_id,{name}\n" + "".join(f"u{number},i,{cell}\n" for number, cell in enumerate(cells))


CASES: dict[str, Stored | Stopped] = {
    "the file": Stopped(
        FILE,
        [
            "the numbers in 'timestamp', such as 2, would be times before 1973",
            "--timestamps order takes them for an order, --timestamps seconds for times",
        ],
    ),
    "the file, as an order": Stored(FILE, ROWS, options=ORDER),
    "the file, as times": Stored(
        FILE, ["u1|i1|view|1", "u1|i2|view|2", "u2|i1|view|3"], options=["--timestamps", "seconds"]
    ),
    "positions that begin at 0": Stopped(log(0, 1, 2), ["would be times before 1973"]),
    "years": Stopped(log(2024, 2025), ["such as 2,024.5, would be times before 1973"]),
    "days as numbers": Stopped(log(20260301, 20260302), ["would be times before 1973"]),
    "fractions and negative numbers": Stored(
        log(-1.5, 0, 1e20), ["u0|i|view||sequence=-1.5", "u1|i|view||sequence=0", "u2|i|view||sequence=1e+20"],
        options=ORDER,
    ),
    "large numbers of an order": Stored(log(f"{TIME}123"), [f"u0|i|view||sequence={TIME}123"], options=ORDER),
    "what is no number has no place in an order": Stored(
        log(1, "last", 3), ["u0|i|view||sequence=1", "u2|i|view||sequence=3"],
        left_out=["line 3, column timestamp: 'last'"], options=ORDER,
    ),
    "another name": Stored(log(1, 2, name="ts"), ["u0|i|view||sequence=1", "u1|i|view||sequence=2"], options=ORDER),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_order_is_no_time(shop: Shop, name: str) -> None:
    shop.check(CASES[name])


async def _kept(shop: Shop) -> int:
    async with Resources(Settings(database_url=f"sqlite+aiosqlite:///{shop.database}")) as resources:
        store = RetentionStore(resources.database, resources.changes)
        await Retention(store, resources.merging, 30).drop()
        return await resources.interactions.count()


@pytest.mark.parametrize(
    ("text", "options", "kept"),
    [
        (FILE, ORDER, 3),
        (log(1, 2), ORDER, 2),
        (log(TIME, TIME + 1), ORDER, 2),
        ("user_id,item_id\nu,i\nv,i\n", (), 2),
        (log(1e9, 1.1e9), (), 0),
        (FILE, ("--timestamps", "seconds"), 0),
    ],
)
def test_retention_leaves_rows_without_a_time_alone(
    shop: Shop, text: str | bytes, options: tuple[str, ...], kept: int
) -> None:
    code, said = shop.take({"log.csv": text}, *options)
    assert code == 0, said
    assert asyncio.run(_kept(shop)) == kept
