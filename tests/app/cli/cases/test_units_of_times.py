"""Times in any unit: recognised by their magnitude, and told."""

import pytest

from tests.app.cli.cases.shop import TIME, Shop, Stopped, Stored, case


def log(*cells: object, first: str = "") -> str:
    return "user_id,item_id,timestamp\n" + first + "".join(f"u{number},i,{cell}\n" for number, cell in enumerate(cells))


CASES: dict[str, Stored | Stopped] = {
    "the file": Stored(
        case("milliseconds.csv"),
        [
            "257597|355908|view|1433221332.117",
            "992329|248676|cart|1433224214.164",
            "992329|248676|purchase|1433227005.007",
        ],
        [
            "timestamp: milliseconds since 1970, by their magnitude (--times ms)",
            "not read: transactionid",
            "event_type: 'transaction' is read as 'purchase'",
        ],
    ),
    "microseconds": Stored(log(f"{TIME}000123"), [f"u0|i|view|{TIME}.000123"], ["microseconds since 1970"]),
    "nanoseconds": Stored(log(f"{TIME}500000000"), [f"u0|i|view|{TIME}.5"], ["nanoseconds since 1970"]),
    "fractions of seconds": Stored(log(f"{TIME}.25", f"{TIME}"), [f"u0|i|view|{TIME}.25", f"u1|i|view|{TIME}"]),
    "milliseconds with a decimal point": Stored(log(f"{TIME}000.0"), [f"u0|i|view|{TIME}"], ["milliseconds"]),
    "milliseconds in scientific form": Stored(log("1.7723664e+12"), [f"u0|i|view|{TIME}"], ["milliseconds"]),
    "milliseconds in quotes, with odd ones": Stored(
        log(f'"{TIME}000"', f'"{TIME}001"', "soon", "-5", f"{TIME}002"),
        [f"u0|i|view|{TIME}", f"u1|i|view|{TIME}.001", f"u4|i|view|{TIME}.002"],
        ["milliseconds"],
        ["line 4, column timestamp: 'soon'", "line 5, column timestamp: '-5'"],
    ),
    "a unit that is said": Stored(log(TIME), [f"u0|i|view|{TIME / 1000:.15g}"], options=["--times", "ms"]),
    "seconds and milliseconds": Stopped(
        log(TIME, f"{TIME}000"),
        [f"the numbers in 'timestamp' have several units: {TIME} (seconds) and {TIME}000 (milliseconds)", "--times"],
    ),
    "a unit that there is not": Stopped(log(TIME), ["'minutes'"], ["--times", "minutes"]),
}


@pytest.mark.parametrize("name", CASES)
def test_times_are_read_in_their_unit(shop: Shop, name: str) -> None:
    shop.check(CASES[name])
