"""An installation of the release before."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

Serve = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]
Names = dict[str, list[str]]


@dataclass(frozen=True)
class Installation:
    """A database and bundles of the release before, and what that release answered with them."""

    url: str
    bundles: Path
    version: str
    answers: list[dict[str, Any]]
    answered_at: float

    @property
    def settings(self) -> dict[str, str]:
        return {
            "BRAID_DATABASE_URL": self.url,
            "BRAID_BUNDLES": str(self.bundles),
            "BRAID_DEADLINE_MS": "60000",
            "BRAID_LOG_LEVEL": "error",
        }
