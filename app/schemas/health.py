"""The state of a process on the wire."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Live(BaseModel):
    """The process runs."""

    status: Literal["ok"] = "ok"


class Check(BaseModel):
    """One thing that the process needs.

    `none` is a bundle that does not exist yet; with `degraded` the process goes on serving, and something in it ages.
    """

    status: Literal["ok", "none", "degraded", "failed"]
    detail: str


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
                    },
                }
            ]
        }
    )

    status: Literal["ok", "failed"]
    checks: dict[str, Check]
