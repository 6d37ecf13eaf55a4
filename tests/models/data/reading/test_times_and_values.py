"""Times of any form, prices, lists."""

import zoneinfo
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from models.data.errors import DataSetError
from models.data.file_chunks import Files, open_paths
from models.data.reading.mapping import FileMapping
from models.data.reading.opening import Wishes
from models.data.reading.times import zone_named
from models.data.reading.values import list_of, number_of, separator_of
from tests.models.data.reading.test_columns import rows

NOON = 1_772_366_700.0
"""2026-03-01T12:05:00Z."""


def log(path: Path, *cells: str, timestamps: str | None = "seconds", **said: object) -> Files:
    lines = "".join(f'u{number},i,"{cell}"\n' for number, cell in enumerate(cells))
    (path / "log.csv").write_text("user_id,item_id,timestamp\n" + lines)
    return open_paths([path / "log.csv"], Wishes(FileMapping.model_validate(said), timestamps=timestamps))


def moments(files: Files) -> list[object]:
    return [row["timestamp"] for row in rows(files)]


@pytest.mark.parametrize(
    ("cell", "unit"),
    [
        ("1772366700", "s"),
        ("1772366700.5", "s"),
        ("1772366700123", "ms"),
        ("1772366700123456", "us"),
        ("1772366700123456789", "ns"),
    ],
)
def test_the_unit_of_numbers_is_detected_by_their_magnitude_and_told(tmp_path: Path, cell: str, unit: str) -> None:
    files = log(tmp_path, cell, cell)
    assert moments(files) == pytest.approx([NOON, NOON], abs=1)
    assert any(f"--times {unit}" in told for told in files.opened[0].plan.told) is (unit != "s")
    assert moments(log(tmp_path, "1000", "2000", times=unit)) == pytest.approx(
        [1000 / {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit], 2000 / {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[unit]]
    )


@pytest.mark.parametrize(
    "cell", ["2026-03-01T12:05:00Z", "2026-03-01 13:05:00+01:00", "2026-03-01T12:05:00.000Z", "2026-03-01 12:05:00 UTC"]
)
def test_times_with_a_zone_need_nothing_more(tmp_path: Path, cell: str) -> None:
    assert moments(log(tmp_path, cell)) == [NOON]


@pytest.mark.parametrize(
    "cell", ["2026-03-01 12:05:00", "2026-03-01T12:05", "2026/3/1 12:05", "Mar 1, 2026", "2026-03-01"]
)
def test_a_zone_is_asked_for_where_times_have_none(tmp_path: Path, cell: str) -> None:
    (question,) = log(tmp_path, cell).questions
    assert f"times without a zone, such as {cell!r}: --timezone UTC" in str(question)
    utc, berlin = (moments(log(tmp_path, cell, timezone=zone))[0] for zone in ("UTC", "Europe/Berlin"))
    assert isinstance(utc, float)
    assert berlin == utc - 3600
    assert utc == (NOON if "12:05" in cell else NOON - 12 * 3600 - 300)


@pytest.mark.parametrize(
    ("cells", "first"),
    [
        (("13/02/2026 12:05",), "day-first"),
        (("01.03.2026 12:05",), None),
        (("12/13/2010 8:26",), "month-first"),
        (("01/03/2026", "28/03/2026"), "day-first"),
    ],
)
def test_the_order_of_day_and_month_is_found_where_a_cell_tells(
    tmp_path: Path, cells: tuple[str, ...], first: str | None
) -> None:
    files = log(tmp_path, *cells, timezone="UTC")
    assert files.questions == []
    assert files.opened[0].plan.mapping.date_format == first
    assert not np.isnan(np.array(moments(files), dtype=float)).any()


def test_the_order_of_day_and_month_is_asked_for_where_both_are_possible(tmp_path: Path) -> None:
    (question,) = log(tmp_path, "01/03/2026 12:05", timezone="UTC").questions
    assert "'01/03/2026 12:05' can be read in two ways: --date-format day-first or month-first" in str(question)
    read = [
        moments(log(tmp_path, "01/03/2026 12:05 PM", timezone="UTC", date_format=form))[0]
        for form in ("day-first", "month-first", "%d/%m/%Y %I:%M %p")
    ]
    assert read == [NOON, NOON - 57 * 86400, NOON]


def test_numbers_that_seem_to_be_an_order_are_asked_about(tmp_path: Path) -> None:
    (question,) = log(tmp_path, "1", "2", "3", timestamps=None).questions
    assert "--timestamps order takes them for an order" in str(question)
    assert log(tmp_path, "1", "2", "3", timestamps="order").questions == []
    large = log(tmp_path, "1772366700123", timestamps="order")
    assert moments(large) == [1772366700123.0]


def test_a_cell_that_is_no_time_is_none_of_the_others(tmp_path: Path) -> None:
    found = moments(log(tmp_path, "1772366700", "soon", "2026-03-01T12:05:00Z", "99/99/2026"))
    assert found[0] == found[2] == NOON
    assert np.isnan(np.array([found[1], found[3]], dtype=float)).all()


def test_a_zone_that_is_none_is_refused() -> None:
    assert zone_named("-02:30").utcoffset(None) is not None
    with pytest.raises(DataSetError, match="'Nowhere/City' is not a time zone"):
        zone_named("Nowhere/City")


def test_zones_are_known_where_the_system_has_none() -> None:
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([])
    zoneinfo.ZoneInfo.clear_cache()
    try:
        summer = datetime(2026, 7, 1, tzinfo=zone_named("Europe/Berlin"))
        assert summer.utcoffset() == timedelta(hours=2)
    finally:
        zoneinfo.reset_tzpath(before)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12.50", 12.5), ("$12.50", 12.5), ("12,50 €", 12.5), ("1.234,50", 1234.5), ("1,234.50", 1234.5),
        ("1,234", 1234), ("1 234,5", 1234.5), ("1.234.567", 1234567), ("-$3", -3), ("$-3", -3), ("(4.00)", -4),
        ("EUR 5", 5), ("5 kr", 5), ("US$ 7", 7), ("£0.99", 0.99), (".5", 0.5), ("1'234.5", 1234.5), ("1e3", 1000),
    ],
)  # fmt: skip
def test_prices_are_read_with_signs_and_decimal_commas(cell: str, number: float) -> None:
    assert number_of(cell) == number


@pytest.mark.parametrize("cell", ["", "free", "12 apples", "1.2.3", "1_000", "--", "3-4"])
def test_what_is_no_number_is_none(cell: str) -> None:
    assert np.isnan(number_of(cell))


@pytest.mark.parametrize(
    ("cell", "separator", "expected"),
    [
        ('["x"]', "|", ["x"]),
        ("['a', 'b']", "|", ["a", "b"]),
        ("x|y", "|", ["x", "y"]),
        ("x,y", "|", ["x", "y"]),
        ("Home, Garden|Tools", "|", ["Home, Garden", "Tools"]),
        ("x, y,,x", ",", ["x", "y"]),
        ("one label", None, ["one label"]),
        ("[broken", "|", "[broken"),
        (None, "|", None),
    ],
)
def test_lists_are_json_or_separated(cell: str | None, separator: str | None, expected: object) -> None:
    assert list_of(cell, separator) == expected


def test_a_bar_separates_before_a_comma() -> None:
    assert [separator_of(cells) for cells in (["a,b", "c|d"], ["a,b"], ["a", '["x,y"]'])] == ["|", ",", None]


def test_prices_lists_and_dates_of_items_are_read_and_others_stay_for_the_message(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_text(
        "item_id,genres,price,available_from,brand\ni,a|b,$3,2026-03-01,x\nj,c,free,soon,y\n"
    )
    said = FileMapping(timezone="UTC", columns={"attributes.brand": "brand"})
    first, second = rows(open_paths([tmp_path], Wishes(said)))
    assert first == {
        "item_id": "i",
        "categories": '["a","b"]',
        "price": "3.0",
        "available_from": "2026-03-01T00:00:00+00:00",
        "attributes": '{"brand":"x"}',
    }
    assert (second["price"], second["available_from"]) == ("free", "soon")
