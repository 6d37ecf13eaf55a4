"""The header that moves the clock of a server under test; without `BRAID_TEST_CLOCK` nothing reads it."""

from http import HTTPStatus

from pydantic import TypeAdapter, ValidationError
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.problems import problem_response
from app.schemas.problems import field_error
from app.schemas.types import Moment
from app.times import clock

CLOCK_HEADER = "Braid-Test-Clock"
_LOCAL = ("127.", "::1", "::ffff:127.")
_MOMENT: TypeAdapter[Moment] = TypeAdapter(Moment)


class ClockHeader:
    """Sets the clock of this process to the moment in the header of a request, before the request is answered.

    Requests of other machines are refused: the settings cannot know on which address another server program listens.

    Parameters
    ----------
    app
        The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the clock, and pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        caller = scope.get("client")
        if caller is not None and not caller[0].startswith(_LOCAL):
            detail = "BRAID_TEST_CLOCK is set: only this machine may ask"
            refusal = problem_response(HTTPStatus.FORBIDDEN, "test_clock", detail)
            await refusal(scope, receive, send)
            return
        given = Headers(scope=scope).get(CLOCK_HEADER)
        if given is not None:
            try:
                clock.set(_MOMENT.validate_python(given))
            except ValidationError as error:
                about = field_error(error.errors()[0], [CLOCK_HEADER], CLOCK_HEADER)
                detail = f"1 field is not valid: {CLOCK_HEADER}"
                refusal = problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", detail, [about])
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)
