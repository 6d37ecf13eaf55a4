"""The verdict of the gate: whether a bundle may replace the active one."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

CHECK_EXAMPLE: dict[str, JsonValue] = {
    "name": "own_validation",
    "outcome": "passed",
    "detail": "NDCG@10 on validation is 0.0712, that of bundle 20260301T120000000000Z was 0.0698: at least 0.0489 is"
    " required",
}


class GateCheck(BaseModel):
    """One comparison or bound."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [CHECK_EXAMPLE]})

    name: str = Field(description="what is compared or bounded")
    outcome: Literal["passed", "failed", "skipped"] = Field(description="`skipped` where there was nothing to compare")
    detail: str = Field(description="what was compared, with its figures")


class Verdict(BaseModel):
    """All checks of one bundle; it passed if none failed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    against: str | None = Field(None, description="version of the active bundle that it was compared with")
    checks: tuple[GateCheck, ...] = ()

    @property
    def passed(self) -> bool:
        """Return whether no check failed."""
        return all(check.outcome != "failed" for check in self.checks)

    @property
    def reason(self) -> str | None:
        """Describe in one line what failed; None if nothing did."""
        return "; ".join(check.detail for check in self.checks if check.outcome == "failed") or None
