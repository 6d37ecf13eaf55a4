"""Sends interactions in the background: collected into batches, and sent again until they are acknowledged."""

import atexit
import json
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from typing import Any, cast

from braid_client.attempts import back_off, passes
from braid_client.errors import NOT_SENT, QUEUE_FULL, BraidError
from braid_client.models import FieldError, InteractionIn, InteractionsStored
from braid_client.operation import new_event_id

OnLost = Callable[[InteractionIn, BraidError], None]
MOST_WAITING = 100_000
"""More would take too much memory of the shop while the service is away."""
BATCH_ROWS = 500
BATCH_SECONDS = 0.5
KEPT_SECONDS = 600.0
"""Older interactions are lost where the service still does not answer."""
CLOSING_SECONDS = 30.0
_KEY_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_log = logging.getLogger("braid_client")


@dataclass(frozen=True)
class _Waiting:
    line: bytes
    until: float


class Sender:
    """A queue of interactions, and the thread that posts them.

    The thread starts with the first interaction, in each process that forks from this one too.

    Parameters
    ----------
    make_poster
        Makes what posts the lines of a batch, and what closes it.
    on_lost
        Called in the thread with each interaction that will not be stored.
    """

    def __init__(
        self,
        make_poster: Callable[[], tuple[Callable[[bytes], Any], Callable[[], None]]],
        on_lost: OnLost | None = None,
    ) -> None:
        self._make_poster = make_poster
        self._on_lost = on_lost
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._rows: deque[_Waiting] = deque()
        self._thread: threading.Thread | None = None
        self._hurry = 0
        self._ends: float | None = None
        """When to give up, once the client is closed."""

    def add(self, interaction: InteractionIn) -> str:
        """Queue an interaction, and return its event id.

        Raises
        ------
        BraidError
            Too many wait already, or the client is closed.
        """
        if self._process != os.getpid():
            # The thread is in the process that this one was forked from, and sends what waited there.
            self._begin()
        row = {**interaction, "event_id": interaction.get("event_id") or new_event_id()}
        row["timestamp"] = interaction.get("timestamp") or datetime.now(UTC).isoformat().replace("+00:00", "Z")
        line = json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        with self._changed:
            if self._ends is not None:
                raise BraidError(NOT_SENT, "the client is closed: make a new one")
            if len(self._rows) >= MOST_WAITING:
                raise BraidError(QUEUE_FULL, f"{MOST_WAITING:,} interactions wait to be sent: is the service away?")
            self._rows.append(_Waiting(line, time.monotonic() + KEPT_SECONDS))
            if self._thread is None:
                self._start()
            self._changed.notify_all()
        return str(row["event_id"])

    def flush(self, seconds: float) -> bool:
        """Post what waits now; return whether nothing is left within some seconds."""
        with self._changed:
            self._hurry += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(lambda: not self._rows, seconds)
            finally:
                self._hurry -= 1

    def close(self, seconds: float = CLOSING_SECONDS) -> None:
        """Post what waits, and end the thread; what is left after some seconds is lost."""
        if self._process != os.getpid():
            return
        with self._changed:
            if self._ends is None:
                self._ends = time.monotonic() + seconds
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
            atexit.unregister(self.close)

    def _start(self) -> None:
        atexit.register(self.close)
        # Python does not wait for it at the end: `close` does, which is called then.
        self._thread = threading.Thread(target=self._run, name="braid-sender", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        post, close = self._make_poster()
        try:
            while batch := self._next_batch():
                self._deliver(batch, post)
                with self._changed:
                    for _ in batch:
                        self._rows.popleft()
                    self._changed.notify_all()
        finally:
            close()

    def _next_batch(self) -> list[_Waiting]:
        """Wait for a batch; none when the client is closed and nothing is left. The rows stay in the queue."""
        with self._changed:
            self._changed.wait_for(lambda: self._rows or self._ends is not None)
            self._changed.wait_for(
                lambda: len(self._rows) >= BATCH_ROWS or self._hurry or self._ends is not None, BATCH_SECONDS
            )
            return list(islice(self._rows, BATCH_ROWS))

    def _deliver(self, batch: list[_Waiting], post: Callable[[bytes], Any]) -> None:
        """Post rows until they are stored, refused or too old."""
        sent = 0
        if self._is_over():
            self._lose(batch, BraidError(NOT_SENT, "the client was closed before it could be sent"))
            return
        while batch:
            try:
                stored: InteractionsStored = post(b"\n".join(row.line for row in batch))
            except BraidError as error:
                if not (passes(error) or error.status in _KEY_REFUSED or _is_server_fault(error)):
                    self._lose(batch, error)
                    return
                sent += 1
                if sent == 1:
                    _log.warning("interactions wait, and are sent again: %s", error)
                batch = self._wait_with(batch, back_off(sent, error.retry_after), error)
            else:
                self._lose_refused(batch, stored)
                if sent:
                    _log.warning("interactions are stored again, after %d attempts", sent + 1)
                return

    def _wait_with(self, batch: list[_Waiting], seconds: float, error: BraidError) -> list[_Waiting]:
        """Wait before rows are sent again; return those that are not too old then."""
        again = time.monotonic() + seconds
        with self._changed:
            # A client that is closed meanwhile does not wait for the service longer than it says.
            while (left := min(again, self._ends or again) - time.monotonic()) > 0:
                self._changed.wait(left)
        now = time.monotonic()
        late = batch if self._is_over() else [row for row in batch if row.until < now]
        if late:
            self._lose(late, BraidError(NOT_SENT, f"the service did not take it in time; the last try: {error}"))
        return [] if late is batch else [row for row in batch if row.until >= now]

    def _is_over(self) -> bool:
        """Return whether the client was closed so long ago that nothing is sent any more."""
        return self._ends is not None and time.monotonic() >= self._ends

    def _lose_refused(self, batch: list[_Waiting], stored: InteractionsStored) -> None:
        """Report the rows that the service refused: they would be refused again."""
        if not stored["refused"]:
            return
        told = {place: error for error in stored["errors"] if (place := error.get("index")) is not None}
        reasons = {place: _refusal(told.get(place)) for place in stored.get("refused_rows") or sorted(told)}
        _log.error("%d interactions are refused, one of them: %s", len(reasons), next(iter(reasons.values())))
        for place, reason in reasons.items():
            self._report([batch[place]], reason)

    def _lose(self, rows: list[_Waiting], error: BraidError) -> None:
        _log.error("%d interactions are lost: %s", len(rows), error)
        self._report(rows, error)

    def _report(self, rows: list[_Waiting], error: BraidError) -> None:
        if self._on_lost is None:
            return
        for row in rows:
            try:
                self._on_lost(cast("InteractionIn", json.loads(row.line)), error)
            except Exception:  # noqa: BLE001 - it is the caller's, and stops nothing
                _log.exception("on_lost failed")


def _refusal(error: FieldError | None) -> BraidError:
    """Say why a row was refused; of the rows after the first 100 of a batch this is not known."""
    code, errors = ("invalid_request", ()) if error is None else (error["code"], (error,))
    status = int(HTTPStatus.UNPROCESSABLE_ENTITY)
    return BraidError(code, "the service refused this interaction", status=status, errors=errors)


def _is_server_fault(error: BraidError) -> bool:
    return error.status is not None and error.status >= HTTPStatus.INTERNAL_SERVER_ERROR
