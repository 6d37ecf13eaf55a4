"""Online measures on the wire: click-through and conversion rates of impressions."""

from datetime import MAXYEAR, date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, PlainValidator, TypeAdapter
from pydantic_core import PydanticCustomError

from app.schemas.shared_fields import Variant
from app.schemas.types import Moment

_RATE: dict[str, JsonValue] = {"value": 0.05, "low": 0.0403, "high": 0.0619}
_MEAN: dict[str, JsonValue] = {"value": 1.2, "low": 0.9, "high": 1.5}
_COUNTS: dict[str, JsonValue] = {
    "impressions": 2000,
    "clicks": 100,
    "conversions": 0,
    "revenue": 0.0,
    "click_through_rate": _RATE,
    "conversion_rate": {"value": 0.0, "low": 0.0, "high": 0.0019},
}
_VARIANT: dict[str, JsonValue] = {
    "scenario": "home",
    "variant": "a",
    "users": 812,
    "revenue_per_user": _MEAN,
    **_COUNTS,
}

_FORMS = "a date (2026-03-01) or a time in RFC 3339 with an offset (2026-03-01T12:00:00Z), from 1970 to 9998"
_FIRST_YEAR = 1970
_moment: TypeAdapter[datetime] = TypeAdapter(Moment)


def _end_of_period(given: object) -> datetime | date:
    """Read one end of a period; the error is one sentence, whichever form was meant."""
    try:
        text = str(given)
        found = date.fromisoformat(text) if len(text) == len("2026-03-01") else _moment.validate_python(given)
    except ValueError as error:
        raise PydanticCustomError("period_end", "must be {forms}", {"forms": _FORMS}) from error
    if not _FIRST_YEAR <= found.year < MAXYEAR:
        raise PydanticCustomError("period_end", "must be {forms}", {"forms": _FORMS})
    return found


PeriodEnd = Annotated[datetime | date, PlainValidator(_end_of_period, json_schema_input_type=datetime | date)]


class OnlineQuery(BaseModel):
    """The period to measure."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    begin: PeriodEnd | None = Field(None, alias="from", description="RFC 3339 or a date, UTC; 30 days ago if absent")
    end: PeriodEnd | None = Field(
        None,
        alias="to",
        description="the end, exclusive, in the same form; for a date the whole day counts; now if absent",
    )


class Rate(BaseModel):
    """A share of the impressions, with its 95 % interval (Wilson 1927)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RATE]})

    value: float = Field(description="the share, 0 to 1")
    low: float = Field(description="lower end of the interval")
    high: float = Field(description="upper end of the interval")


class Mean(BaseModel):
    """A mean over users, with its 95 % interval (normal approximation)."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MEAN]})

    value: float = Field(description="the mean")
    low: float = Field(description="lower end of the interval")
    high: float = Field(description="upper end of the interval")


class Counts(BaseModel):
    """Impressions, and how many of them were clicked and converted; rates are null without impressions."""

    model_config = ConfigDict(json_schema_extra={"examples": [_COUNTS]})

    impressions: int = Field(description="items that were shown, each once a list")
    clicks: int = Field(description="impressions that were clicked or viewed")
    conversions: int = Field(description="impressions that were purchased")
    revenue: float = Field(description="of the conversions")
    click_through_rate: Rate | None = Field(description="clicks by impressions")
    conversion_rate: Rate | None = Field(description="conversions by impressions")


class DayCounts(Counts):
    """Counts of one day, UTC."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"day": "2026-03-01", **_COUNTS}]})

    day: date = Field(description="the day of the impressions")


class StrategyCounts(Counts):
    """Counts of lists of one strategy; `unknown` if Braid has served no such list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"strategy": "personalized", **_COUNTS}]})

    strategy: str = Field(description="what the lists were based on")


class BundleCounts(Counts):
    """Counts of lists of one bundle; `none` if no bundle was active, `unknown` if Braid has served no such list."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"bundle_version": "20260301T120000Z-1", **_COUNTS}]})

    bundle_version: str = Field(description="the bundle of the lists")


class ScenarioCounts(Counts):
    """Counts of lists of one scenario; null for lists without a scenario."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scenario": "home", **_COUNTS}]})

    scenario: str | None = Field(description="name of the scenario")


class VariantCounts(ScenarioCounts):
    """Counts of lists of one variant of a scenario."""

    model_config = ConfigDict(json_schema_extra={"examples": [_VARIANT]})

    variant: Variant
    users: int = Field(description="users who saw a list of the variant")
    revenue_per_user: Mean | None = Field(
        None, description="revenue of the conversions by user who saw a list of the variant; null for less than 2 users"
    )


class PositionCounts(Counts):
    """Counts of one position in the list; null if the events have none, or one above 1,000."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"position": 1, **_COUNTS}]})

    position: int | None = Field(description="the position, from 1")


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
                    "by_variant": [_VARIANT],
                    "warnings": [],
                }
            ]
        }
    )

    begin: datetime = Field(
        serialization_alias="from", validation_alias="from", description="begin of the period that was measured"
    )
    end: datetime = Field(serialization_alias="to", validation_alias="to", description="its end, exclusive")
    total: Counts = Field(description="all impressions of the period")
    by_day: list[DayCounts] = Field(description="the impressions of each day")
    by_strategy: list[StrategyCounts] = Field(description="those of each strategy")
    by_bundle_version: list[BundleCounts] = Field(description="those of each bundle")
    by_position: list[PositionCounts] = Field(description="those of each position")
    by_scenario: list[ScenarioCounts] = Field(description="those of each scenario")
    by_variant: list[VariantCounts] = Field(description="those of each variant of a scenario")
    warnings: list[str] = Field(
        description="sample ratio mismatches: scenarios whose users per variant do not fit the shares"
    )
