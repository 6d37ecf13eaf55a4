"""Training jobs on the wire."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.schemas.shared_fields import CreatedAt

JOB_EXAMPLE: dict[str, JsonValue] = {
    "job_id": "9f86d081884c7d65",
    "kind": "full",
    "origin": "api",
    "status": "running",
    "attempts": 1,
    "cancelling": False,
    "phase": "tuning neighbours",
    "progress": 0.4,
    "seed": 0,
    "budget": None,
    "from_manifest": None,
    "bundle_version": "20260301T120000000000Z",
    "reason": None,
    "created_at": "2026-03-01T12:00:00Z",
    "started_at": "2026-03-01T12:00:01Z",
    "finished_at": None,
}
LINE_EXAMPLE: dict[str, JsonValue] = {"id": 7, "written_at": "2026-03-01T12:00:02Z", "line": "reading the log: done"}

MAX_SEED = 2**31 - 1
MAX_BUDGET = 86_400
_KIND = (
    "`full` chooses all settings; `refresh` keeps those of the active bundle, and its network; `again` repeats the run"
    " that made `from_manifest`"
)
_SEED = "seed of a full run"
_BUDGET = "approximate seconds of processor time for choosing settings in a full run, a day at most"
_FROM = "version of the bundle to reproduce"


class TrainingJobIn(BaseModel):
    """The parameters of a training job."""

    model_config = ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [{"kind": "full"}]})

    kind: Literal["full", "refresh", "again"] = Field(
        "full",
        description=_KIND,
    )
    seed: int = Field(0, ge=0, le=MAX_SEED, description=_SEED)
    budget: float | None = Field(None, ge=0, le=MAX_BUDGET, description=_BUDGET)
    from_manifest: str | None = Field(None, max_length=64, description=_FROM)


class TrainingJob(BaseModel):
    """The progress of a training job."""

    model_config = ConfigDict(json_schema_extra={"examples": [JOB_EXAMPLE]})

    job_id: str = Field(description="id of the job")
    kind: str = Field(description=_KIND)
    origin: Literal["api", "command", "schedule", "threshold"] = Field(description="what added the job")
    status: Literal["queued", "running", "succeeded", "refused", "failed", "cancelled"] = Field(
        description="`refused`: the bundle was published, but the gate refused to activate it"
    )
    attempts: int = Field(
        description="how often a worker has started it; when a worker dies, another one restarts its job"
    )
    cancelling: bool = Field(description="whether it is about to be cancelled")
    phase: str | None = Field(description="what it does now; null before it starts")
    progress: float | None = Field(description="progress of the phase, 0 to 1")
    seed: int = Field(description=_SEED)
    budget: float | None = Field(description=_BUDGET)
    from_manifest: str | None = Field(description=_FROM)
    bundle_version: str | None = Field(description="version of the bundle that it publishes")
    reason: str | None = Field(description="why it was refused, or failed")
    created_at: CreatedAt
    started_at: datetime | None = Field(description="when a worker first started it; null before")
    finished_at: datetime | None = Field(description="when it ended; null before")


class LogLine(BaseModel):
    """One line of a job's log."""

    model_config = ConfigDict(json_schema_extra={"examples": [LINE_EXAMPLE]})

    id: int = Field(description="number of the line, to resume from")
    written_at: datetime = Field(description="when it was written")
    line: str = Field(description="the text of the line")


class TrainingJobWithLog(TrainingJob):
    """A training job and its log."""

    model_config = ConfigDict(json_schema_extra={"examples": [JOB_EXAMPLE | {"log": [LINE_EXAMPLE]}]})

    log: list[LogLine] = Field(description="the lines of its log, oldest first")


class TrainingJobsQuery(BaseModel):
    """Which training jobs to list."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=1000, description="jobs per page")
    cursor: str | None = Field(None, max_length=1000, description="`next_cursor` of the page before")


class TrainingJobsPage(BaseModel):
    """A page of training jobs, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [JOB_EXAMPLE], "next_cursor": None}]})

    items: list[TrainingJob] = Field(description="the jobs of the page")
    next_cursor: str | None = Field(description="send it as `cursor` for the next page; null at the end of the list")
