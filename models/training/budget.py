"""The budget of the search for settings: processor time, so that a busy machine searches as far as an idle one."""

import time


class Budget:
    """Seconds of processor time of this process, all its threads together, from now on.

    Waiting for a processor that another process uses does not count, and neither does sleep. With one thread a second
    takes a second of an idle machine, with two busy threads half a second.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.process_time() + seconds

    @property
    def spent(self) -> bool:
        """Return whether nothing is left of it."""
        return time.process_time() >= self._end
