"""Schedules: cron expressions, and minutes between two runs."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cronsim import CronSim, CronSimError

OFF = "off"
_MOST_MINUTES = 525_600
Due = Callable[[datetime, datetime], bool]
"""Tells whether something is due, given when it was done last and the moment now."""


def parse_schedule(text: str) -> Due:
    """Read a schedule.

    Raises
    ------
    ValueError
        It is neither a cron expression, nor a number of minutes, nor `off`.
    """
    plain = text.strip().lower()
    if plain == OFF:
        return lambda _last, _now: False
    if plain.isdecimal():
        if not 1 <= int(plain) <= _MOST_MINUTES:
            raise ValueError(f"must be at least one minute, and at most {_MOST_MINUTES:,}")
        every = timedelta(minutes=int(plain))
        return lambda last, now: now - last >= every
    try:
        CronSim(text, datetime.now(UTC))
    except CronSimError as error:
        raise ValueError(f"is neither a cron expression ({error}), nor a number of minutes, nor `{OFF}`") from error
    return lambda last, now: next(CronSim(text, last)) <= now
