"""Online measures on the wire: click-through and conversion rates of impressions."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.schemas.types import Moment

_RATE: dict[str, JsonValue] = {"value": 0.05, "low": 0.0403, "high": 0.0619}
_COUNTS: dict[str, JsonValue] = {
    "impressions": 2000,
    "clicks": 100,
    "conversions": 0,
    "revenue": 0.0,
    "click_through_rate": _RATE,
    "conversion_rate": {"value": 0.0, "low": 0.0, "high": 0.0019},
}


class OnlineQuery(BaseModel):
    """The period to measure."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    begin: Moment | date | None = Field(
        None, alias="from", description="RFC 3339 or a date, UTC; 30 days ago if absent"
    )
    end: Moment | date | None = Field(
        None,
        alias="to",
        description="the end, exclusive, in the same form; for a date the whole day counts; now if absent",
    )


class Rate(BaseModel):
    """A share of the impressions, with its 95 % interval (Wilson 1927)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RATE]})

    value: float
    low: float
    high: float


class Counts(BaseModel):
    """Impressions, and how many of them were clicked and converted; rates are null without impressions."""

    model_config = ConfigDict(json_schema_extra={"examples": [_COUNTS]})

    impressions: int
    clicks: int
    conversions: int
    revenue: float = Field(description="of the conversions")
    click_through_rate: Rate | None
    conversion_rate: Rate | None


class DayCounts(Counts):
    """Counts of one day, UTC."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"day": "2026-03-01", **_COUNTS}]})

    day: date


class StrategyCounts(Counts):
    """Counts of lists of one strategy; `unknown` if the request id was not made by Braid."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"strategy": "personalized", **_COUNTS}]})

    strategy: str


class BundleCounts(Counts):
    """Counts of lists of one bundle; `none` if no bundle was active, `unknown` for a request id not made by Braid."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"bundle_version": "20260301T120000Z-1", **_COUNTS}]})

    bundle_version: str


class ScenarioCounts(Counts):
    """Counts of lists of one scenario; null for lists without a scenario."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scenario": "home", **_COUNTS}]})

    scenario: str | None


class VariantCounts(ScenarioCounts):
    """Counts of lists of one variant of a scenario."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scenario": "home", "variant": "a", "users": 812, **_COUNTS}]}
    )

    variant: str
    users: int = Field(description="users who saw a list of the variant")


class PositionCounts(Counts):
    """Counts of one position in the list; null if the events have no position."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"position": 1, **_COUNTS}]})

    position: int | None


class OnlineMeasures(BaseModel):
    """Clicks and conversions of the impressions of a period."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "from": "2026-03-01T00:00:00Z",
                    "to": "2026-03-02T00:00:00Z",
                    "total": _COUNTS,
                    "by_day": [{"day": "2026-03-01", **_COUNTS}],
                    "by_strategy": [{"strategy": "personalized", **_COUNTS}],
                    "by_bundle_version": [{"bundle_version": "20260301T120000Z-1", **_COUNTS}],
                    "by_position": [{"position": 1, **_COUNTS}],
                    "by_scenario": [{"scenario": "home", **_COUNTS}],
                    "by_variant": [{"scenario": "home", "variant": "a", "users": 812, **_COUNTS}],
                    "warnings": [],
                }
            ]
        }
    )

    begin: datetime = Field(serialization_alias="from", validation_alias="from")
    end: datetime = Field(serialization_alias="to", validation_alias="to")
    total: Counts
    by_day: list[DayCounts]
    by_strategy: list[StrategyCounts]
    by_bundle_version: list[BundleCounts]
    by_position: list[PositionCounts]
    by_scenario: list[ScenarioCounts]
    by_variant: list[VariantCounts]
    warnings: list[str] = Field(
        description="sample ratio mismatches: scenarios whose users per variant do not fit the shares"
    )
