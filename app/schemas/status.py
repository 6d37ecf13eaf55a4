"""The document of `braid status --json`."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class ServerStatus(BaseModel):
    """The server at an address."""

    url: str = Field(description="the address that was asked")
    state: Literal["ready", "not ready", "no answer", "not asked"] = Field(description="what it said")
    detail: str = Field(description="which checks failed, or why nothing answered")


class DatabaseStatus(BaseModel):
    """What is stored."""

    place: str = Field(description="the database, without its password")
    answers: bool = Field(description="whether it answers and has the tables of this version")
    detail: str = Field(description="why not; empty where it does")
    size_bytes: int | None = Field(None, description="size of the file, or of the database on PostgreSQL")
    interactions: int | None = Field(None, description="rows of the log")
    users: int | None = Field(None, description="users with a row of their own")
    items: int | None = Field(None, description="items of the catalogue")
    newest_interaction: datetime | None = Field(None, description="latest time among the newest million rows")


class BundleStatus(BaseModel):
    """The active bundle."""

    version: str = Field(description="its name")
    created_at: datetime | None = Field(None, description="when it was trained; null if its manifest cannot be read")
    age_days: float | None = Field(None, description="days since then")
    says: str | None = Field(None, description="how often its lists hold what was looked for; null if unmeasured")
    protocol: str | None = Field(None, description="how that was measured")
    metrics: dict[str, dict[str, float]] = Field({}, description="metrics of the blend and of popularity")
    report: str | None = Field(None, description="where its report is, in a local store")


class JobStatus(BaseModel):
    """A training job."""

    job_id: str = Field(description="its id")
    status: str = Field(description="queued, running, succeeded, refused, failed or cancelled")
    phase: str | None = Field(description="what it does now")
    progress: float | None = Field(description="progress of the phase, 0 to 1")
    reason: str | None = Field(description="why it was refused, or failed")
    finished_at: datetime | None = Field(description="when it ended")


class TrainingStatus(BaseModel):
    """Training jobs and whether a worker takes them."""

    queued: int = Field(description="jobs that wait for a worker")
    running: int = Field(description="jobs that a worker runs")
    detail: str = Field(description="the same in words, and what to do")
    last: JobStatus | None = Field(description="the newest job; null if there was none")


class DiskStatus(BaseModel):
    """Room on a disk."""

    folder: str = Field(description="a folder that Braid writes to")
    free_bytes: int = Field(description="what is free there")


class Attention(BaseModel):
    """Something that needs attention."""

    name: str = Field(description="what it is about")
    detail: str = Field(description="what was found, and what to do")


class Status(BaseModel):
    """What there is, and what needs attention."""

    version: str = Field(description="the version of this command")
    server: ServerStatus
    database: DatabaseStatus
    bundle: BundleStatus | None = Field(description="null if none is active")
    training: TrainingStatus | None = Field(description="null while the database does not answer")
    disks: list[DiskStatus]
    attention: list[Attention] = Field(description="empty where everything is as it should be: the exit code is then 0")
