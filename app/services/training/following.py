"""Follows training jobs for any number of clients, with one look at the database for all that follow a job."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

from app.errors import NotFoundError, TooManyFollowersError
from app.services.training.jobs import described, described_line
from app.storage.training_jobs import OPEN, Job, TrainingJobStore

MOST_FOLLOWERS = 256
"""Of a process; each keeps a connection."""
POLL_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 15.0
JobEvent = tuple[str, str, int | None]
"""Name, data as JSON, and the id of the log line if the event is one."""


class _Watched:
    """What is known of a job, as events.

    Attributes
    ----------
    lines
        Of its log so far, by id, oldest first.
    progress
        The latest state; None until the first look.
    """

    def __init__(self) -> None:
        self.followers = 0
        self.lines: list[tuple[int, JobEvent]] = []
        self.progress: JobEvent | None = None
        self.error: Exception | None = None
        self.changed = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Return whether nothing more will come."""
        return self.error is not None or (self.progress is not None and self.progress[0] == "end")

    def tell(self) -> None:
        """Wake all followers."""
        told, self.changed = self.changed, asyncio.Event()
        told.set()


class JobFollowing:
    """Follows jobs as long as somebody wants to know."""

    def __init__(self, jobs: TrainingJobStore) -> None:
        self._jobs = jobs
        self._watched: dict[str, _Watched] = {}
        self._asking: dict[str, asyncio.Task[Job | None]] = {}
        self._looking: asyncio.Task[None] | None = None
        self._places = 0

    @contextmanager
    def require_place(self) -> Iterator[None]:
        """Take a place of those who follow, until the end.

        Raises
        ------
        TooManyFollowersError
            As many do as may.
        """
        if self._places >= MOST_FOLLOWERS:
            raise TooManyFollowersError(
                f"{MOST_FOLLOWERS} clients follow training jobs, and more may not: try again later"
            )
        self._places += 1
        try:
            yield
        finally:
            self._places -= 1

    async def require(self, job_id: str) -> None:
        """Make sure that there is a job, with one look for all who ask at the same time.

        Raises
        ------
        NotFoundError
            There is none.
        """
        if job_id in self._watched:
            return
        asking = self._asking.get(job_id)
        if asking is None:
            asking = self._asking[job_id] = asyncio.create_task(self._jobs.get(job_id))
            asking.add_done_callback(lambda _: self._asking.pop(job_id, None))
        # Whoever goes away takes the look from nobody else.
        if await asyncio.shield(asking) is None:
            raise _no_job(job_id)

    async def events(self, job_id: str, after: int = 0) -> AsyncIterator[JobEvent | None]:
        """Yield the events of a job until it ends; None after a while without one.

        Parameters
        ----------
        after
            Id of the last log line that the client has.

        Raises
        ------
        NotFoundError
            There is no job with this id.
        """
        watched = self._watched.get(job_id)
        if watched is None or watched.ended:
            # What has ended may have begun again: the look is a new one.
            watched = self._watched[job_id] = _Watched()
        watched.followers += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async for event in _told(watched, after):
                yield event
        finally:
            watched.followers -= 1
            if not watched.followers and self._watched.get(job_id) is watched:
                del self._watched[job_id]

    async def close(self) -> None:
        """End the looking."""
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    async def _look(self) -> None:
        """Look at all jobs that are followed, until none is."""
        while self._watched:
            for job_id, watched in list(self._watched.items()):
                if not watched.ended:
                    await self._look_at(job_id, watched)
            await asyncio.sleep(POLL_SECONDS)

    async def _look_at(self, job_id: str, watched: _Watched) -> None:
        try:
            # The job is read before its lines: once it has ended, all lines are there.
            job = await self._jobs.get(job_id)
            if job is None:
                raise _no_job(job_id)
            lines = await self._jobs.lines(job_id, watched.lines[-1][0] if watched.lines else 0)
        except Exception as error:  # noqa: BLE001 - each follower raises it
            watched.error = error
            watched.tell()
            return
        progress = ("progress" if job.status in OPEN else "end", described(job).model_dump_json(), None)
        if lines or progress != watched.progress:
            watched.lines += [(line.id, ("line", described_line(line).model_dump_json(), line.id)) for line in lines]
            watched.progress = progress
            watched.tell()


def _no_job(job_id: str) -> NotFoundError:
    return NotFoundError(f"there is no training job {job_id!r}")


async def _told(watched: _Watched, after: int) -> AsyncIterator[JobEvent | None]:
    """Yield what one client has not been told yet."""
    sent: JobEvent | None = None
    place, sent_at = 0, time.monotonic()
    while True:
        changed, progress, ended = watched.changed, watched.progress, watched.ended
        while place < len(watched.lines):
            number, event = watched.lines[place]
            place += 1
            if number > after:
                sent_at = time.monotonic()
                yield event
        if watched.error is not None:
            raise watched.error
        if progress != sent and progress is not None:
            sent, sent_at = progress, time.monotonic()
            yield progress
        if ended:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(max(sent_at + KEEP_ALIVE_SECONDS - time.monotonic(), 0.01)):
                await changed.wait()
                continue
        sent_at = time.monotonic()
        yield None
