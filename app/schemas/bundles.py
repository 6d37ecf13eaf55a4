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
    "data": {"users": 22363, "items": 12101, "interactions": 198502, "window": [1023840000.0, 1406073600.0]},
    "settings": {"blend": {"item_knn": 1.0, "network_weight": 0.5}},
    "recipe": {"kind": "full", "seed": 0},
    "size_bytes": 95_000_000,
    "gate": _GATE,
    "problem": None,
}


class Gate(BaseModel):
    """What the gate found."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GATE]})

    passed: bool
    reason: str | None = Field(description="what failed")
    against: str | None = Field(description="version of the bundle that it was compared with")
    checks: list[GateCheck]


class BundleVersion(BaseModel):
    """One version: what it was made from, how well it does, and what made it the active one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    version: str
    active: bool
    created_at: datetime | None
    activated_at: datetime | None = Field(description="when it last became the active one; null if it never was")
    activated_by: str | None = Field(description="`job` and its id, `api`, `command`, or null where it is not known")
    forced: bool = Field(description="whether it was activated though the gate had refused it")
    protocol: str | None
    metrics: dict[str, dict[str, float]] = Field(
        description="on the held-out test: of the blend, its parts, popularity"
    )
    data: dict[str, Any] = Field(description="window in time (the data's own unit), counts and a hash")
    settings: dict[str, Any] = Field(description="as they were chosen on validation")
    recipe: dict[str, Any] | None = Field(description="what the run was asked for")
    size_bytes: int
    gate: Gate | None = Field(description="null where nothing judged it")
    problem: str | None = Field(description="why its manifest cannot be read; null where it can")


class BundleVersions(BaseModel):
    """The versions that are kept, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[BundleVersion]
    next_cursor: str | None = Field(description="always null: there is one page")
