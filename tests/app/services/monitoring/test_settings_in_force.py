"""What people may see of the settings."""

from pathlib import Path

import pytest

from app.config import load_settings
from app.services.monitoring.settings_in_force import masked, settings_in_force


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://braid:s3cret@db/shop", "postgresql://braid:***@db/shop"),
        ("redis://:s3cret@cache:6379", "redis://:***@cache:6379"),
        ("postgresql://db/shop?user=a&password=s3cret&sslmode=require", "postgresql://db/shop?user=a&password=***&sslmode=require"),
        ("s3://bucket/bundles", "s3://bucket/bundles"),
        ("0 3 * * *", "0 3 * * *"),
    ],
)  # fmt: skip
def test_passwords_are_masked(value: str, shown: str) -> None:
    assert masked(value) == shown


def test_each_setting_says_where_its_value_comes_from(isolated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BRAID_LOG_LEVEL", "BRAID_KEEP_BUNDLES", "BRAID_ROTATION"):
        monkeypatch.delenv(name, raising=False)
    (isolated / ".env").write_text("BRAID_KEEP_BUNDLES=3\nBRAID_LOG_LEVEL=error\n")
    monkeypatch.setenv("BRAID_LOG_LEVEL", "warning")
    # What `braid serve` hands to its processes is no choice of anybody.
    monkeypatch.setenv("BRAID_WORKERS", "1")
    found = {one.name: one for one in settings_in_force(load_settings())}
    assert (found["BRAID_KEEP_BUNDLES"].value, found["BRAID_KEEP_BUNDLES"].origin) == ("3", ".env")
    assert (found["BRAID_LOG_LEVEL"].value, found["BRAID_LOG_LEVEL"].origin) == ("warning", "environment")
    assert (found["BRAID_ROTATION"].value, found["BRAID_ROTATION"].origin) == ("0.5", "default")
    assert found["BRAID_WORKERS"].origin == "default"
    assert all(one.description for one in found.values())
