"""A connection with bounds: what a client sends must be complete in time, and may not grow without end."""

import asyncio
from enum import Enum, auto
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.api import imports
from app.api.streams import ENDS_AT_STOP
from app.server.places import MOST_REQUESTS, Places
from app.server.refusals import LATE, LONG_HEAD, MALFORMED, OVERLOADED, STOPPING, Refusal

HEAD_SECONDS = 10.0
"""Within them the address and the headers of a request must be there."""
BODY_SECONDS = 20.0
"""Within them a body must be complete, or have grown by `BODY_STEP`."""
BODY_STEP = 200 * 1024
WRITE_SECONDS = 30.0
"""Within them a client must take some of an answer that waits for it."""
MOST_HEAD = 32 * 1024
"""Bytes of the address and the headers."""
MOST_HEADERS = 100
_MOST_PIPELINED = 32
_LINGER_SECONDS = 1.0
"""So long what a refused client still sends is read, and dropped: otherwise it would not get to read the answer."""


class _Phase(Enum):
    NOTHING = auto()
    HEAD = auto()
    BODY = auto()
    WHOLE = auto()


class _RefusedError(Exception):
    """Ends the parsing of a request."""


class Connection(HttpToolsProtocol):
    """Speaks HTTP/1.1 as uvicorn does, with bounds of time and size.

    Parameters
    ----------
    places
        Shared by all connections of the process.
    given
        What uvicorn gives.
    """

    def __init__(self, *, places: Places, **given: Any) -> None:
        super().__init__(**given)
        # Its own limit counts connections that have sent nothing, and answers in plain text.
        self.limit_concurrency = None
        self._places = places
        self._application = self.app
        self._phase = _Phase.NOTHING
        self._why = MALFORMED
        self._part = self._first = self._head = 0
        self._step = self._spare = 0
        self._held = False
        self._refused = self._stopping = False
        self._late: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request, if there is a place."""
        super().connection_made(transport)
        if not self._places.make_room(len(self.connections)):
            self._refuse(OVERLOADED)
            return
        self._places.wait(self)
        self._set_time(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back what the connection had."""
        self._places.answer(self)
        self._places.end_body(self)
        self._end_time()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part of a request."""
        self._unset_keepalive_if_required()
        if self._refused:
            return
        self._part = len(data)
        if self._phase is _Phase.BODY:
            self._spare -= self._part
        else:
            self._head += self._part
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # There is no other protocol here: the request is answered as it is.
            pass
        except httptools.HttpParserError:
            self._refuse(self._why)
            return
        if self._phase is _Phase.WHOLE or self._refused:
            return
        # More marks of chunks than body, or endless trailers, which the parser keeps.
        if self._phase is _Phase.BODY and self._spare < 0:
            self._refuse(MALFORMED)
        elif self._phase is not _Phase.BODY and self._head > MOST_HEAD:
            self._refuse(LONG_HEAD)
        elif self._late is None:
            self._set_time(BODY_SECONDS if self._phase is _Phase.BODY else HEAD_SECONDS)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._phase = _Phase.HEAD
        # How much of this part belongs to it is not known yet: as long as it is not complete, only later parts count.
        self._first, self._head = self._part, 0

    def on_headers_complete(self) -> None:
        """Check a head, and begin to answer."""
        self._end_time()
        may_be_long = self._first + self._head > MOST_HEAD
        if len(self.headers) > MOST_HEADERS or (may_be_long and self._length() > MOST_HEAD):
            self._why = LONG_HEAD
            raise _RefusedError
        if len(self.pipeline) >= _MOST_PIPELINED:
            raise _RefusedError
        busy = len(self.tasks) - self._places.unfinished
        self.app = self._application if busy < MOST_REQUESTS else OVERLOADED
        super().on_headers_complete()
        self._phase = _Phase.BODY
        self._step, self._spare = 0, MOST_HEAD
        self._places.begin_body(self, queued=bool(self.pipeline))
        # Files go to the disk as they come.
        self._held = self.scope["path"] != imports.PATH

    def on_body(self, body: bytes) -> None:
        """Take a part of a body."""
        super().on_body(body)
        size = len(body)
        self._step += size
        self._spare += 2 * size
        if self._held and not self._refused and not self.cycle.response_complete:
            self._places.hold(self, size)

    def on_message_complete(self) -> None:
        """End a request: from now on the server is at work."""
        self._end_time()
        self._places.end_body(self)
        if self.cycle.response_complete:
            self._await_request()
            return
        self._phase = _Phase.WHOLE
        self._places.answer(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Wait for the next request, or for the rest of one that was answered early."""
        super().on_response_complete()
        if not self.pipeline:
            self._places.begin_turn(self)
        if not self.cycle.response_complete:
            return
        # Nothing works for the rest of a body that comes now.
        self._places.end_body(self)
        if self.transport.is_closing():
            return
        if self._phase is _Phase.BODY:
            self._end_time()
            self._set_time(_LINGER_SECONDS)
        elif self._phase is _Phase.WHOLE:
            self._await_request()

    def pause_writing(self) -> None:
        """Wait for a client that does not take its answer, but not for ever."""
        super().pause_writing()
        if self._stuck is None:
            self._wait_for_client()

    def resume_writing(self) -> None:
        """Go on."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def give_way(self) -> None:
        """End, as others need the place."""
        self._refuse(OVERLOADED, linger=False)

    def shutdown(self) -> None:
        """End after what is under way: a request that is not complete has a moment, and what has no end, ends."""
        if self._phase is _Phase.BODY and not self.cycle.response_complete:
            self._stopping = True
            self._end_time()
            self._set_time(_LINGER_SECONDS)
        if self.cycle is not None and self.cycle.scope["state"].get(ENDS_AT_STOP):
            self._abandon()
            self.transport.close()
            return
        super().shutdown()

    def _wait_for_client(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._stuck = self.loop.call_later(WRITE_SECONDS, self._end_if_stuck, left)

    def _end_if_stuck(self, left: int) -> None:
        if self.transport.get_write_buffer_size() < left:
            self._wait_for_client()
        else:
            self._stuck = None
            self.transport.abort()

    def _await_request(self) -> None:
        self._phase = _Phase.NOTHING
        self._head = 0
        self._places.wait(self)

    def _length(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _set_time(self, seconds: float) -> None:
        self._late = self.loop.call_later(seconds, self._time_is_over)

    def _end_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _time_is_over(self) -> None:
        self._late = None
        in_body = self._phase is _Phase.BODY
        if in_body and self.cycle.response_complete:
            self.transport.close()
        elif in_body and not self._stopping and (self._step >= BODY_STEP or self.flow.read_paused):
            # It goes on, or the server is what is slow.
            self._step = 0
            self._set_time(BODY_SECONDS)
        elif not self.transport.is_closing():
            self._refuse(STOPPING if self._stopping else LATE, linger=not self._stopping)

    def _refuse(self, refusal: Refusal, *, linger: bool = True) -> None:
        """Answer as far as the client can tell whose answer it is, and close."""
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self._end_time()
        self._places.end_body(self)
        idle = self.cycle is None or self.cycle.response_complete
        own = self._phase is _Phase.BODY and not idle and not self.cycle.response_started and not self.pipeline
        # A connection ends without a word between two requests, and where the answer is there before the body.
        begun = self._phase is not _Phase.NOTHING or self._head > 0 or (self.cycle is None and refusal is OVERLOADED)
        begun = begun and self._phase is not _Phase.BODY
        if own:
            self._abandon()
        if not own and not (idle and begun):
            self.transport.close()
            return
        refusal.count()
        self.transport.write(refusal.raw)
        if linger and self.transport.can_write_eof():
            self.transport.write_eof()
            self.flow.resume_reading()
            self.loop.call_later(_LINGER_SECONDS, self.transport.close)
        else:
            self.transport.close()

    def _abandon(self) -> None:
        """Tell the application that nobody is there any more."""
        self.cycle.disconnected = True
        self.cycle.message_event.set()
