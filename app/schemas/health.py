"""The state of a process on the wire."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Live(BaseModel):
    """The process runs."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: Literal["ok"] = Field("ok", description="always `ok`")


class Check(BaseModel):
    """One thing that the process needs, and its state."""

    status: Literal["ok", "none", "unreadable", "foreign", "degraded", "failed"] = Field(
        description="`none`: there is no bundle yet; `unreadable`: another version of Braid made the bundle, and this"
        " one cannot read it: train again; `foreign`: the bundle is of another database; `degraded`: something"
        " needs attention, and requests are answered; `failed`: 503. With all others the process takes traffic"
    )
    detail: str = Field(
        description="what was found, and what to do about it; empty but for an admin key, or without keys this machine"
    )


class Ready(BaseModel):
    """Whether the process should take traffic, and why not."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "ok",
                    "checks": {
                        "database": {"status": "ok", "detail": "sqlite"},
                        "migrations": {"status": "ok", "detail": "0001"},
                        "bundle": {"status": "none", "detail": "no bundle yet: `braid train` makes one"},
                        "background": {"status": "ok", "detail": "change_feed, bundle, popularity, retention, imports"},
                        "storage": {"status": "ok", "detail": "takes writes, and 41,200 MB are free"},
                        "change_feed": {"status": "ok", "detail": "0.2 s behind"},
                        "training": {"status": "ok", "detail": "no training job waits"},
                        "event_types": {"status": "ok", "detail": "the settings have all that the log has"},
                    },
                }
            ]
        }
    )

    status: Literal["ok", "failed"] = Field(description="`failed` where one of the checks failed")
    checks: dict[str, Check] = Field(description="the checks, by name")

    def without_details(self) -> "Ready":
        """Return the states alone: details name hosts and folders."""
        states = {name: Check(status=check.status, detail="") for name, check in self.checks.items()}
        return Ready(status=self.status, checks=states)
