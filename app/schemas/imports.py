"""An import over HTTP."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.shared_fields import CreatedAt


class ImportCounts(BaseModel):
    """The rows of a file that were imported so far."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"read": 1000, "kept": 998, "new": 998, "dropped": {"event_type unknown": 2}}]}
    )

    read: int = Field(description="rows that were read")
    kept: int = Field(description="rows that are valid for the API")
    new: int = Field(description="rows that were stored; the others of `kept` are already in the log")
    dropped: dict[str, int] = Field(description="rows that were dropped, by reason")


class ImportJob(BaseModel):
    """The progress of an import."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "import_id": "9f86d081884c7d65",
                    "status": "running",
                    "counts": {"interactions": {"read": 50000, "kept": 50000, "new": 50000, "dropped": {}}},
                    "error": None,
                    "created_at": "2026-03-01T12:00:00Z",
                    "changed_at": "2026-03-01T12:00:02Z",
                }
            ]
        }
    )

    import_id: str = Field(description="id of the import")
    status: Literal["running", "done", "failed"] = Field(description="how far it is")
    counts: dict[str, ImportCounts] = Field(description="for each of interactions, items and users")
    error: str | None = Field(description="why it failed; null if it did not")
    created_at: CreatedAt
    changed_at: datetime = Field(description="when it last reported progress")
