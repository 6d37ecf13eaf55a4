"""The one error of the client."""

from typing import Any, Self

import httpx

from braid_client.models import FieldError

NO_ANSWER = "no_answer"
"""The service was not reached, or its answer did not come."""
QUEUE_FULL = "send_queue_full"
"""Too many interactions wait to be sent."""
NOT_SENT = "not_sent"
"""Interactions were left when the client was closed."""
_CODES = {401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "too_many_requests"}
"""What an answer without a body means, such as one to `HEAD`."""
_SHOWN = 200


class BraidError(Exception):
    """Why a call was not carried out.

    Attributes
    ----------
    code
        What happened, for programs: a code of docs/api.md, or `no_answer` (the service was not reached or did not
        answer in time), `send_queue_full`, `not_sent`, or `unexpected_answer` (not Braid answered, but for example a
        proxy).
    detail
        What happened and what to do, for people.
    status
        The HTTP status; None where there was no answer.
    title
        The name of the status.
    errors
        The fields that are wrong.
    retry_after
        Seconds after which the service asks to try again.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        title: str | None = None,
        errors: tuple[FieldError, ...] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.title = title
        self.errors = errors
        self.retry_after = retry_after

    def __str__(self) -> str:
        fields = "".join(f"; {error['field']}: {error['detail']}" for error in self.errors)
        return f"{f'{self.status} ' if self.status else ''}{self.code}: {self.detail}{fields}"

    @classmethod
    def of_answer(cls, answer: httpx.Response) -> Self:
        """Read a problem document, or what else came with a status of an error."""
        problem = _problem(answer)
        return cls(
            problem.get("code") or (_CODES.get(answer.status_code, f"http_{answer.status_code}")),
            problem.get("detail") or answer.reason_phrase or "the answer says no more",
            status=answer.status_code,
            title=problem.get("title") or answer.reason_phrase,
            errors=tuple(problem.get("errors") or ()),
            retry_after=_seconds(answer.headers.get("retry-after")),
        )

    @classmethod
    def of_failure(cls, failure: httpx.RequestError) -> Self:
        """Say that there was no answer, and why."""
        return cls(NO_ANSWER, f"{failure.request.url.copy_with(query=None)}: {failure or type(failure).__name__}")


def _problem(answer: httpx.Response) -> dict[str, Any]:
    if not answer.content:
        return {}
    try:
        found = answer.json()
    except ValueError:
        found = None
    if isinstance(found, dict) and "code" in found:
        return found
    return {"code": "unexpected_answer", "detail": f"this is no answer of Braid: {answer.text[:_SHOWN]}"}


def _seconds(given: str | None) -> float | None:
    """Read `Retry-After`: seconds, since Braid sends no dates."""
    return float(given) if given is not None and given.isascii() and given.isdigit() else None
