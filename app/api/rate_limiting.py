"""Refuses requests beyond the limits, and tells clients where they stand."""

from starlette.types import Scope

from app.api.answer_headers import add_headers
from app.errors import TooManyRequestsError
from app.services.access.keyring import Key
from app.services.access.rate_limits import Policy, RateLimits, Standing, whom

Extra = dict[str, str]
_KEY = "this API key"


def count_at_once(limits: RateLimits, policy: Policy, key: Key, scope: Scope) -> bool:
    """Count a request with a key, and tell where the key stands, whatever the answer will be.

    Return False, and do nothing, where `count` is needed: something has to be waited for, or the address counts.

    Raises
    ------
    TooManyRequestsError
        It is one too many.
    """
    if key.is_publishable or not limits.is_local:
        return False
    left, seconds = limits.count_here(policy, key.key_id)
    if left < 0:
        raise _exceeded(Standing(policy, left, seconds), _KEY)
    add_headers(scope, policy.headers(left, seconds))
    return True


async def count(limits: RateLimits, policy: Policy, key: Key, scope: Scope) -> None:
    """Do the same, wherever it is counted; where anybody can read a key, each address that uses it is.

    Raises
    ------
    TooManyRequestsError
        It is one too many.
    """
    if key.is_publishable:
        standing = await count_address(limits, policy, scope)
    else:
        standing = await limits.take(policy, key.key_id)
        if standing.exceeded:
            raise _exceeded(standing, _KEY)
    add_headers(scope, standing.headers())


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
