"""Times as the tables keep them: microseconds since 1970, UTC."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(moment: datetime) -> int:
    """Convert a moment exactly."""
    passed = moment - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def from_microseconds(microseconds: int) -> datetime:
    """Convert back, exactly."""
    return _EPOCH + timedelta(microseconds=microseconds)


def now() -> int:
    """Return the present time."""
    return to_microseconds(datetime.now(UTC))
