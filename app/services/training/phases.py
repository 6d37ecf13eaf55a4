"""What the log of a training job says: its phases with their seconds, and what was chosen."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.schemas.training_jobs import TrainingJob

_DONE = re.compile(r"(?P<phase>.+): done after (?P<seconds>[0-9.]+) s")
_NETWORK = "network"


@dataclass(frozen=True)
class Phase:
    """A phase of a job; `seconds` is None for the one that is under way, whose `progress` is 0 to 1."""

    name: str
    seconds: float | None = None
    progress: float | None = None


def phases_of(job: TrainingJob, lines: Iterable[str]) -> list[Phase]:
    """List the phases of a job in their order, the present one last."""
    found = [Phase(match["phase"], float(match["seconds"])) for line in lines if (match := _DONE.fullmatch(line))]
    under_way = job.status == "running" and job.phase is not None
    if under_way and not (found and found[-1].name == job.phase and job.progress == 1):
        found.append(Phase(str(job.phase), None, job.progress))
    return found


def shares_of(settings: Mapping[str, Any], parts: Collection[str]) -> dict[str, float]:
    """Return the share of each part in the final score that training chose, the greatest first, without those of 0.

    Parameters
    ----------
    parts
        Names of everything that was measured: what else the settings of the blend hold is no weight.
    """
    blend: Mapping[str, Any] = settings.get("blend") or {}
    weights = {name: float(blend[name]) for name in parts if blend.get(name)}
    network, total = float(blend.get("network_weight") or 0), sum(weights.values()) or 1.0
    shares = {name: (1 - network) * weight / total for name, weight in weights.items()}
    shares |= {_NETWORK: network} if network else {}
    return dict(sorted(shares.items(), key=lambda pair: -pair[1]))
