"""The hot path: `GET /recommend/{user_id}` without the framework, for query strings that it has seen before."""

from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.observed import note_route
from app.process.serving_state import ServingState
from app.schemas.ids import from_path, in_force
from app.schemas.options import Options
from app.services.recommending.answers import Answer

PREFIX = "/recommend/"
DEGRADED_HEADER = "Braid-Degraded"
_ROUTE = "/recommend/{user_id}"
_MAX_KNOWN = 1000
_LONGEST = 512


class HotPath:
    """Answers requests that need only memory; everything else, including errors, is left to the application.

    A query string is validated once, by the route; here it is only looked up, by its exact bytes.

    Parameters
    ----------
    app
        The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(PREFIX):
            found = _answer(scope)
            if found is not None:
                note_route(scope, _ROUTE)
                body = found.body()
                headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
                headers += [(name.lower().encode(), value.encode()) for name, value in degradation(found).items()]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": body})
                return
        await self._app(scope, receive, send)


def _answer(scope: Scope) -> Answer | None:
    state: ServingState | None = getattr(scope["app"].state, "serving", None)
    if state is None:
        return None
    query = scope["query_string"]
    options = state.known_queries.get(query)
    user_id = scope["path"][len(PREFIX) :]
    if options is None or "/" in user_id:
        return None
    user_id = from_path(user_id)
    if not in_force.rule.takes(user_id):
        return None
    return state.recommendation.at_once(user_id, query, options)


def remember(state: ServingState, query: bytes, options: Options) -> None:
    """Remember what a query string means, once all its checks have passed."""
    # A cursor is requested only once.
    if options.cursor is None and len(query) <= _LONGEST:
        if len(state.known_queries) >= _MAX_KNOWN:
            state.known_queries.clear()
        state.known_queries[query] = options


def degradation(answer: Answer) -> dict[str, str]:
    """Return the header that says what limited an answer."""
    return {} if answer.degraded is None else {DEGRADED_HEADER: answer.degraded}
