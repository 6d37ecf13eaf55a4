"""Times without a zone, dates, and the order of day and month: read where they are clear, else asked for."""

import pytest

from tests.app.cli.cases.shop import TIME, Shop, Stopped, Stored, case

NOON = TIME + 300
BERLIN = NOON - 3600


def log(*cells: str) -> str:
    return "user_id,item_id,timestamp\n" + "".join(f'u{number},i,"{cell}"\n' for number, cell in enumerate(cells))


def views(*seconds: int) -> list[str]:
    return [f"u{number}|i|view|{second}" for number, second in enumerate(seconds)]


NAIVE = case("naive_dates.csv")
ZONE = ("--timezone", "UTC")
CASES: dict[str, Stored | Stopped] = {
    "the file of times": Stopped(
        NAIVE,
        [
            "the column 'timestamp': '01/03/2026 12:05' can be read in two ways",
            "--date-format day-first or month-first",
            "has times without a zone, such as '2026-03-01 12:05:00': --timezone UTC, or Europe/Berlin, says which",
        ],
    ),
    "the file of times, with a zone": Stopped(NAIVE, ["--date-format day-first or month-first"], ZONE),
    "the file of times, with an order": Stopped(NAIVE, ["--timezone UTC"], ["--date-format", "day-first"]),
    "the file of times, with both": Stored(
        NAIVE,
        [
            f"u1|i1|view|{NOON}",
            f"u2|i1|purchase|{NOON}",
            f"u3|i1|view|{TIME - 43_200}",
            f"u4|i1|view|{NOON}",
            "u5|i1|view|1263284760",
        ],
        options=[*ZONE, "--date-format", "day-first"],
    ),
    "the file of days": Stopped(
        case("date_only.csv"), ["the column 'price' looks like an amount", "times without a zone, such as '2018-09-20'"]
    ),
    "the file of days, with a zone": Stored(
        case("date_only.csv"),
        [
            "aaa|663713001|view|1537401600|revenue=0.05",
            "aaa|541518023|view|1537401600|revenue=0.03",
            "bbb|505221004|view|1537401600|revenue=0.015",
            "bbb|505221004|view|1537401600|revenue=0.015",
        ],
        options=[*ZONE, "--map", "unit_price=price"],
    ),
    "a zone of a place, in winter and summer": Stored(
        log("2026-03-01 12:05", "2026-07-01 12:05"), views(BERLIN, 1_782_900_300),
        options=["--timezone", "Europe/Berlin"],
    ),
    "days after the twelfth tell the order": Stored(
        log("01/03/2026 12:05", "28/02/2026 00:00"), views(NOON, 1_772_236_800), ["the day comes first"], options=ZONE
    ),
    "months after days": Stored(
        log("03/01/2026 12:05 PM", "02/28/2026 12:00 AM"), views(NOON, 1_772_236_800), ["the month comes first"],
        options=ZONE,
    ),
    "dots of German dates": Stored(log("01.03.2026 12:05", "1.3.26"), views(NOON, TIME - 43_200), options=ZONE),
    "months in words": Stored(
        log("Mar 1, 2026", "1 March 2026", "01-Mar-2026"), views(*[TIME - 43_200] * 3), options=ZONE
    ),
    "offsets need no zone": Stored(
        log("2026-03-01T12:05:00Z", "2026-03-01 13:05:00+01:00", "2026-03-01T12:05:00.000+0000"), views(*[NOON] * 3)
    ),
    "a format of one's own": Stored(
        log("2026|03|01 12h05"), views(NOON), options=[*ZONE, "--date-format", "%Y|%m|%d %Hh%M"]
    ),
    "days that there are not cost their rows": Stored(
        log("2026-03-01", "2026-02-30", "0000-00-00", "2026-03-01"), ["u0|i|view|1772323200", "u3|i|view|1772323200"],
        left_out=["line 3, column timestamp: '2026-02-30'", "line 4, column timestamp: '0000-00-00'"], options=ZONE,
    ),
    "a zone that there is not": Stopped(log("2026-03-01"), ["'Mars' is not a time zone"], ["--timezone", "Mars"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_dates_are_read_or_asked_for(shop: Shop, name: str) -> None:
    shop.check(CASES[name])
