"""What `braid doctor` found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `detail` says what was found, and what to do unless it is as it should be."""

    name: str
    status: Literal["ok", "warning", "failed"]
    detail: str
