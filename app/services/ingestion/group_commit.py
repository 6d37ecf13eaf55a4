"""Group commit: posts that come at the same time share a transaction."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

from prometheus_client import Gauge, Histogram
from sqlalchemy.exc import DataError, IntegrityError

from app.errors import DatabaseError, OverloadedError
from app.storage.rows import Row, Stored

MAX_WAITING = 10_000
_LARGEST_GROUP = 1000
_WAIT_SECONDS = 0.002
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
COMMITS = Histogram("braid_group_commit_rows", "Posted interactions that share a transaction.", buckets=_SIZES)
WAITING = Gauge(
    "braid_interactions_waiting", "Posted interactions that wait for a transaction.", multiprocess_mode="livesum"
)
Store = Callable[[Sequence[Row]], Awaitable[Sequence[Stored]]]


class GroupCommit:
    """Gathers rows while a transaction is under way, and commits them together in the next one.

    A single post is committed at once. If the last group held several rows, the next commit waits two milliseconds,
    because the clients that were just answered usually post again.

    Parameters
    ----------
    store
        Commits rows in one transaction.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[tuple[Row, asyncio.Future[Stored]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def add(self, row: Row) -> Stored:
        """Commit a row, together with others.

        Raises
        ------
        OverloadedError
            Too many rows are waiting; this one was not accepted.
        DatabaseError
            The database does not answer.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise OverloadedError(f"{MAX_WAITING:,} interactions are waiting to be stored")
        future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, future))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await future

    async def close(self) -> None:
        """Wait until every accepted row is committed or has failed."""
        if self._writer is not None:
            await self._writer

    async def _write(self) -> None:
        gathering = False
        try:
            while self._waiting:
                if gathering:
                    await asyncio.sleep(_WAIT_SECONDS)
                group = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_GROUP))]
                gathering = len(group) > 1
                COMMITS.observe(len(group))
                WAITING.set(len(self._waiting))
                await self._commit(group)
        except asyncio.CancelledError:
            _fail(self._waiting, DatabaseError("the process is stopping; the interaction was not stored"))
            self._waiting.clear()
            raise
        finally:
            self._writer = None

    async def _commit(self, group: list[tuple[Row, asyncio.Future[Stored]]]) -> None:
        try:
            found = await self._store([row for row, _ in group])
        except (DataError, IntegrityError) as error:
            if len(group) == 1:
                _fail(group, error)
                return
            # One row is the cause: each is committed alone, so that the others do not fail with it.
            for one in group:
                await self._commit([one])
        except Exception as error:  # noqa: BLE001 - any error is passed on to the callers that wait
            _fail(group, error)
        except asyncio.CancelledError:
            _fail(group, DatabaseError("the process is stopping; whether the interaction was stored is unknown"))
            raise
        else:
            for (_, future), stored in zip(group, found, strict=True):
                # The caller may have been cancelled meanwhile.
                if not future.done():
                    future.set_result(stored)


def _fail(group: Iterable[tuple[Row, asyncio.Future[Stored]]], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)
