"""Refuses requests beyond the limits, and tells clients where they stand."""

from starlette.types import Scope

from app.api.answer_headers import add_headers
from app.errors import TooManyRequestsError
from app.services.access.keyring import Key
from app.services.access.rate_limits import Policy, RateLimits, Standing, whom

Extra = dict[str, str]
_KEY = "this API key"


async def count_key(limits: RateLimits, policy: Policy, key: Key, scope: Scope) -> None:
    """Count a request with a key, and tell where the key stands, whatever the answer will be.

    Where anybody can read a key, each address that uses it is counted.

    Raises
    ------
    TooManyRequestsError
        It is one too many.
    """
    if key.is_publishable:
        headers = (await count_address(limits, policy, scope)).headers()
    elif limits.is_local:
        left, seconds = limits.count_here(policy, key.key_id)
        if left < 0:
            raise _exceeded(Standing(policy, left, seconds), _KEY)
        headers = policy.headers(left, seconds)
    else:
        standing = await limits.take(policy, key.key_id)
        if standing.exceeded:
            raise _exceeded(standing, _KEY)
        headers = standing.headers()
    add_headers(scope, headers)


async def count_address(limits: RateLimits, policy: Policy, scope: Scope) -> Standing:
    """Count a request that anybody can send.

    Raises
    ------
    TooManyRequestsError
        It is one too many.
    """
    address = (scope.get("client") or ("",))[0]
    standing = await limits.take(policy, whom(address))
    if standing.exceeded:
        raise _exceeded(standing, f"the address {address}")
    return standing


def extra_of(error: TooManyRequestsError) -> Extra:
    """Return the headers of a refusal."""
    return {name.decode(): value.decode() for name, value in error.standing.headers()}


def _exceeded(standing: Standing, of: str) -> TooManyRequestsError:
    policy = standing.policy
    return TooManyRequestsError(
        f"{of} may send {policy.amount:,} requests in {policy.seconds:,} s, and has sent them: try again in"
        f" {standing.resets_in:,} s",
        standing,
    )
