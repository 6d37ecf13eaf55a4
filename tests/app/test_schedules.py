from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.schedules import parse_schedule

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "last", "due"),
    [
        ("30", timedelta(minutes=29, seconds=59), False),
        ("30", timedelta(minutes=30), True),
        ("0 3 * * *", timedelta(hours=8, minutes=59), False),
        ("0 3 * * *", timedelta(hours=9, minutes=1), True),
        ("0 12 * * *", timedelta(minutes=1), True),
        ("*/15 * * * *", timedelta(seconds=1), True),
        ("*/15 * * * *", timedelta(0), False),
        ("0 3 * * 1", timedelta(days=2), False),
        ("0 3 * * 1", timedelta(days=3), True),
        ("off", timedelta(days=9999), False),
        (" OFF ", timedelta(days=9999), False),
    ],
)
def test_what_is_due(text: str, last: timedelta, due: bool) -> None:
    assert parse_schedule(text)(NOON - last, NOON) is due


@pytest.mark.parametrize(
    "text", ["", "0", "daily", "61 * * * *", "* * *", "-5", "1.5", "9" * 40, "0 3 * * * extra more"]
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"cron expression|at least one minute"):
        parse_schedule(text)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        due = parse_schedule(text)
    except ValueError:
        return
    assert due(NOON, NOON) is False
