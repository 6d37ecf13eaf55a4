"""When a call is sent again: the same rules for both clients, which only wait and send."""

import random
import time
from collections.abc import Generator
from http import HTTPStatus
from typing import Any

import httpx

from braid_client.errors import BraidError
from braid_client.operation import Operation

Outcome = httpx.Response | httpx.RequestError
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.DecodingError, httpx.TooManyRedirects)
_PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0


def attempts(operation: Operation, seconds: float) -> Generator[float, Outcome, Any]:
    """Decide about each outcome of a call: yield how long to wait before it is sent, return what it answered.

    A call is sent again after a failure that passes, until `seconds` are over: any call if it was not carried out for
    certain (no connection, 429), others only if sending them twice does no harm.

    Raises
    ------
    BraidError
        The call failed, and is not to be sent again.
    """
    until = time.monotonic() + seconds
    wait, sent, perhaps_done = 0.0, 0, False
    while True:
        outcome = yield wait
        sent += 1
        if isinstance(outcome, httpx.Response) and outcome.is_success:
            return _read(operation, outcome)
        if perhaps_done and _is_gone(operation, outcome):
            return None
        error = _error_of(outcome)
        wait = back_off(sent, error.retry_after)
        if not _may_repeat(operation, outcome) or time.monotonic() + wait > until:
            raise error from (outcome if isinstance(outcome, Exception) else None)
        perhaps_done = perhaps_done or not isinstance(outcome, _NEVER_SENT)


def back_off(sent: int, retry_after: float | None) -> float:
    """Return how many seconds to wait after so many attempts: longer each time, never the same for two clients."""
    wait = min(_FIRST_WAIT * 2.0 ** min(sent - 1, 16), LONGEST_WAIT)
    return max(wait, retry_after or 0.0) * random.uniform(1.0, 1.5)  # noqa: S311 - spreads clients, hides nothing


def passes(error: BraidError) -> bool:
    """Return whether what failed may succeed later, as it is."""
    return error.status is None or error.status in _PASSING


def _may_repeat(operation: Operation, outcome: Outcome) -> bool:
    if isinstance(outcome, httpx.Response):
        if outcome.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            return True
        return operation.repeatable and outcome.status_code in _PASSING
    if isinstance(outcome, _HOPELESS):
        return False
    return operation.repeatable or isinstance(outcome, _NEVER_SENT)


def _is_gone(operation: Operation, outcome: Outcome) -> bool:
    """Return whether a deletion finds nothing because the one before, without an answer, was carried out."""
    return (
        operation.method == "DELETE"
        and isinstance(outcome, httpx.Response)
        and outcome.status_code == HTTPStatus.NOT_FOUND
    )


def _error_of(outcome: Outcome) -> BraidError:
    return BraidError.of_answer(outcome) if isinstance(outcome, httpx.Response) else BraidError.of_failure(outcome)


def _read(operation: Operation, answer: httpx.Response) -> Any:
    if operation.answer == "nothing":
        return None
    if operation.answer == "text":
        return answer.text
    try:
        return answer.json()
    except ValueError:
        raise BraidError.of_answer(answer) from None
