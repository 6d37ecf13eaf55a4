"""Bundles on the wire."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from models.bundle.verdict import CHECK_EXAMPLE, GateCheck

_GATE: dict[str, JsonValue] = {
    "passed": True,
    "reason": None,
    "against": "20260228T120000000000Z",
    "checks": [CHECK_EXAMPLE],
}
_EXAMPLE: dict[str, JsonValue] = {
    "version": "20260301T120000000000Z",
    "active": True,
    "created_at": "2026-03-01T12:04:00Z",
    "activated_at": "2026-03-01T12:04:01Z",
    "activated_by": "job 9f86d081884c7d65",
    "forced": False,
    "protocol": "leave-last-out",
    "metrics": {"braid": {"ndcg@10": 0.0675, "recall@10": 0.11}, "popularity": {"ndcg@10": 0.0112, "recall@10": 0.02}},
    "intervals": {"braid": {"ndcg@10": [0.0651, 0.0699], "recall@10": [0.1062, 0.1141]}},
    "data": {"users": 22363, "items": 12101, "interactions": 198502, "window": [1023840000.0, 1406073600.0]},
    "settings": {"blend": {"item_knn": 1.0, "network_weight": 0.5}},
    "recipe": {"kind": "full", "seed": 0},
    "size_bytes": 95_000_000,
    "gate": _GATE,
    "problem": None,
}


class Gate(BaseModel):
    """The verdict of the gate."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GATE]})

    passed: bool = Field(description="whether no check failed")
    reason: str | None = Field(description="what failed")
    against: str | None = Field(description="version of the bundle that this one was compared with")
    checks: list[GateCheck] = Field(description="what was checked")


class BundleVersion(BaseModel):
    """One version: its training data, its metrics, and what activated it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    version: str = Field(description="the time when its training began")
    active: bool = Field(description="whether it is the one that ranks lists")
    created_at: datetime | None = Field(description="when it was trained; null if its manifest cannot be read")
    activated_at: datetime | None = Field(description="when it was last activated; null if it never was")
    activated_by: str | None = Field(description="`job` and its id, `api`, `command`, or null if unknown")
    forced: bool = Field(
        description="whether it was activated although the gate refused it, or it is of another database"
    )
    protocol: str | None = Field(description="how the metrics were measured")
    metrics: dict[str, dict[str, float]] = Field(
        description="metrics of the blend, its parts and popularity on the held-out test set"
    )
    intervals: dict[str, dict[str, tuple[float, float]]] = Field(
        {}, description="95 % intervals of `metrics`, lower and upper end; empty for bundles from before they were kept"
    )
    data: dict[str, Any] = Field(description="time window (in the unit of the data's timestamps), counts and a hash")
    settings: dict[str, Any] = Field(description="the settings that were chosen on validation")
    recipe: dict[str, Any] | None = Field(description="the parameters of the training run")
    size_bytes: int = Field(description="size of its files")
    gate: Gate | None = Field(description="null if no gate checked it")
    problem: str | None = Field(description="why its manifest cannot be read; null if it can")


class BundleVersions(BaseModel):
    """The versions that are kept, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[BundleVersion] = Field(description="the bundles")
    next_cursor: str | None = Field(description="always null: there is one page")
