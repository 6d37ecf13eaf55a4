"""The two clients: one that blocks, and one that is awaited."""

import asyncio
import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Self, Unpack

import httpx

from braid_client.attempts import Outcome, attempts
from braid_client.errors import BraidError
from braid_client.generated.async_calls import AsyncCalls
from braid_client.generated.calls import Calls
from braid_client.generated.operations import POST_INTERACTIONS
from braid_client.models import InteractionIn
from braid_client.operation import Given, Operation, request_of
from braid_client.sender import Sender

VERSION = "0.1.0"
_CHECKS = (
    Operation("check_ready", "HEAD", "/health/ready", repeatable=True, answer="nothing"),
    # Any key may send this or is forbidden to: only a wrong one is unauthorized.
    Operation("list_scenarios", "HEAD", "/scenarios", repeatable=True, answer="nothing"),
)
_SENDING_TIMEOUT = 10.0


@dataclass(frozen=True)
class _Options:
    url: str
    key: str | None
    timeout: float
    retry_seconds: float
    check: bool

    def for_httpx(self) -> dict[str, Any]:
        headers = {"user-agent": f"braid-recommender-client/{VERSION}"}
        if self.key is not None:
            headers["authorization"] = f"Bearer {self.key}"
        return {"base_url": self.url, "headers": headers, "timeout": self.timeout}


class _Client:
    """What both clients have: options, and the sender of interactions in the background.

    Parameters
    ----------
    url
        Where Braid serves, for example `http://127.0.0.1:8000`.
    key
        An API key; a server without keys needs none.
    timeout
        Seconds for each step of a request (connect, send, wait for the answer).
    retry_seconds
        Seconds for which a call is sent again after failures that pass; 0 for never. So a call lasts at most
        `retry_seconds + timeout`.
    check
        Whether `with` looks first whether the service is ready and takes the key (`HEAD`).
    on_lost
        Called with each interaction of `send` that will not be stored, and the reason. It is called in another thread.
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 5.0,
        retry_seconds: float = 10.0,
        check: bool = True,
        on_lost: Callable[[InteractionIn, BraidError], None] | None = None,
    ) -> None:
        self._options = _Options(url.rstrip("/"), key, timeout, retry_seconds, check)
        self._sender = Sender(self._poster, on_lost)
        self._open()

    def _open(self) -> None:
        """Make the connections."""
        raise NotImplementedError

    def send(self, **interaction: Unpack[InteractionIn]) -> str:
        """Store an interaction in the background, and return its event id at once.

        It gets an `event_id` and, where it has none, the present time. Up to 500 are posted together, at the latest
        after half a second, and posted again until they are acknowledged or ten minutes old; none is stored twice.
        Those that wait are sent when the client is closed, and when Python ends; a process that is killed loses them.

        Raises
        ------
        BraidError
            100,000 interactions wait already (`send_queue_full`): this one is not sent.
        """
        return self._sender.add(interaction)

    def with_options(self, *, timeout: float | None = None, retry_seconds: float | None = None) -> Self:
        """Return a client with other limits that shares the connections of this one; close only this one."""
        options = self._options
        other = copy.copy(self)
        other._options = replace(  # noqa: SLF001 - its own class
            options,
            timeout=options.timeout if timeout is None else timeout,
            retry_seconds=options.retry_seconds if retry_seconds is None else retry_seconds,
        )
        return other

    def _poster(self) -> tuple[Callable[[bytes], Any], Callable[[], None]]:
        """Return what posts a batch once, and what closes it: the thread has connections of its own."""
        poster = Braid(self._options.url, self._options.key, timeout=_SENDING_TIMEOUT, retry_seconds=0)
        return lambda body: poster._call(POST_INTERACTIONS, Given(body=body)), poster.close  # noqa: SLF001 - its own class


class Braid(_Client, Calls):
    """A client that blocks; safe to share between threads. Use it with `with`, or `close` it."""

    def _open(self) -> None:
        self._http = httpx.Client(**self._options.for_httpx())

    def check(self) -> None:
        """Find out whether the service is ready and takes the key.

        Raises
        ------
        BraidError
            The service is not reached or not ready, or the key is wrong.
        """
        for operation in _CHECKS:
            try:
                self._call(operation, Given())
            except BraidError as error:
                _pass_if_key_is_known(error)

    def flush(self, seconds: float = 30.0) -> bool:
        """Wait until everything that was sent is stored or lost; return whether it is."""
        return self._sender.flush(seconds)

    def close(self) -> None:
        """Send what waits, for 30 seconds at most, and close the connections."""
        self._sender.close()
        self._http.close()

    def __enter__(self) -> Self:
        try:
            if self._options.check:
                self.check()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(self, operation: Operation, given: Given) -> Any:
        request = request_of(operation, given)
        steps = attempts(operation, self._options.retry_seconds)
        wait = next(steps)
        while True:
            time.sleep(wait)
            try:
                wait = steps.send(self._outcome(request))
            except StopIteration as done:
                return done.value

    def _outcome(self, request: Mapping[str, Any]) -> Outcome:
        try:
            return self._http.request(**request, timeout=self._options.timeout)
        except httpx.RequestError as error:
            return error


class AsyncBraid(_Client, AsyncCalls):
    """A client for asyncio. Use it with `async with`, or `await` its `close`."""

    def _open(self) -> None:
        self._http = httpx.AsyncClient(**self._options.for_httpx())

    async def check(self) -> None:
        """Find out whether the service is ready and takes the key.

        Raises
        ------
        BraidError
            The service is not reached or not ready, or the key is wrong.
        """
        for operation in _CHECKS:
            try:
                await self._call(operation, Given())
            except BraidError as error:
                _pass_if_key_is_known(error)

    async def flush(self, seconds: float = 30.0) -> bool:
        """Wait until everything that was sent is stored or lost; return whether it is."""
        return await asyncio.to_thread(self._sender.flush, seconds)

    async def close(self) -> None:
        """Send what waits, for 30 seconds at most, and close the connections."""
        await asyncio.to_thread(self._sender.close)
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        try:
            if self._options.check:
                await self.check()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(self, operation: Operation, given: Given) -> Any:
        request = request_of(operation, given)
        steps = attempts(operation, self._options.retry_seconds)
        wait = next(steps)
        while True:
            await asyncio.sleep(wait)
            try:
                wait = steps.send(await self._outcome(request))
            except StopIteration as done:
                return done.value

    async def _outcome(self, request: Mapping[str, Any]) -> Outcome:
        try:
            return await self._http.request(**request, timeout=self._options.timeout)
        except httpx.RequestError as error:
            return error


def _pass_if_key_is_known(error: BraidError) -> None:
    """Pass over the answer to a key that lacks this scope: it is known."""
    if error.status != HTTPStatus.FORBIDDEN:
        raise error
