"""Activates bundles in turns, and knows which of them may answer at a time."""

import asyncio
import time
from dataclasses import dataclass, field

from benchmarks.soaking.connection import Connection, written

SWITCHED_WITHIN = 5.0
"""Seconds from the answer to an activation until every process uses the bundle: it loads it first."""
_LOADED_WITHIN = 120.0
"""Seconds for the answer to an activation: the process that takes it reads the bundle first."""
_NEVER = float("inf")
ANY = "*"


@dataclass
class Swaps:
    """What was active when.

    Attributes
    ----------
    made
        Version, the second at which its activation was sent, and that of its answer; none where it was refused.
    refused
        The seconds between which an activation that was refused was under way, and why.
    """

    made: list[tuple[str, float, float]] = field(default_factory=list)
    refused: list[tuple[float, float, str]] = field(default_factory=list)

    async def activate(self, port: int, version: str) -> bool:
        """Activate a version, and return whether the service did it."""
        began = time.monotonic()
        # Until the answer is there, both may be in use.
        self.made.append((version, began, _NEVER))
        connection = Connection(port)
        answer = await connection.send(
            written("POST", f"/bundles/{version}/activate?force=true"), within=_LOADED_WITHIN
        )
        connection.close()
        if answer.status != 200:  # noqa: PLR2004 - OK
            # It may have been activated all the same, where the answer was lost: so it stays among those allowed.
            self.refused.append((began, time.monotonic(), f"{answer.status}: {answer.body[:300].decode()}"))
            return False
        self.made[-1] = (version, began, time.monotonic())
        return True

    def any_from(self, at: float) -> None:
        """Allow every version from a second on until the next activation: that of a training is not ours."""
        self.made.append((ANY, at, at))

    def allowed(self, version: str, began: float, ended: float) -> bool:
        """Return whether a version may have answered a request that was under way between two seconds."""
        for number, (name, sent, _) in enumerate(self.made):
            after = self.made[number + 1 :]
            # One that was refused ends nothing: what was active before it stays so.
            until = min((answered for _, _, answered in after), default=_NEVER) + SWITCHED_WITHIN
            if name in {version, ANY} and sent <= ended and began <= until:
                return True
        return False


async def swap_in_turns(swaps: Swaps, port: int, versions: tuple[str, str], every: float, over: asyncio.Event) -> None:
    """Activate the other version again and again; one that the restarting database hinders comes later."""
    turn = 0
    while not over.is_set():
        try:
            await asyncio.wait_for(over.wait(), every)
        except TimeoutError:
            turn += await swaps.activate(port, versions[turn % 2])
