"""Refuses requests beyond the limits, and tells clients where they stand."""

from collections.abc import Awaitable

from starlette.types import Message, Scope, Send

from app.errors import TooManyRequestsError
from app.process.serving_state import ServingState
from app.services.access.rate_limits import Policy, Standing, whom

Extra = dict[str, str]


async def count_key(state: ServingState, key_id: str) -> Standing | None:
    """Count a request with a key; None where keys have no limit.

    Raises
    ------
    TooManyRequestsError
        It is one too many.
    """
    limits = state.rate_limits
    if limits.by_key is None:
        return None
    if limits.is_local:
        return _allowed(limits.take_here(limits.by_key, key_id), "this API key")
    return _allowed(await limits.take(limits.by_key, key_id), "this API key")


async def count_address(state: ServingState, policy: Policy, scope: Scope) -> Standing:
    """Count a request that anybody can send.

    Raises
    ------
    TooManyRequestsError
        It is one too many.
    """
    address = (scope.get("client") or ("",))[0]
    return _allowed(await state.rate_limits.take(policy, whom(address)), f"the address {address}")


def extra_of(error: TooManyRequestsError) -> Extra:
    """Return the headers of a refusal."""
    return {name.decode(): value.decode() for name, value in error.standing.headers()}


def telling(send: Send, standing: Standing) -> Send:
    """Add to an answer where the client stands."""

    def sending(message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *standing.headers()]
        return send(message)

    return sending


def _allowed(standing: Standing, of: str) -> Standing:
    if standing.exceeded:
        policy = standing.policy
        raise TooManyRequestsError(
            f"{of} may send {policy.amount:,} requests in {policy.seconds:,} s, and has sent them: try again in"
            f" {standing.resets_in:,} s",
            standing,
        )
    return standing
