"""Without API keys: requests of this machine alone, and none that a page of another origin makes a browser send."""

from functools import lru_cache
from ipaddress import ip_address

from starlette.types import Scope

from app.api.header_values import HeaderValues
from app.config import LOOPBACK, Settings
from app.errors import ForeignHostError, ForeignOriginError, OpenToThisMachineError

_MAPPED = "::ffff:"
_OF_PROXIES = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"via"}
)
_MAKE_A_KEY = (
    "make an API key (`braid key create`), or set BRAID_ALLOW_OPEN=true where a network may send requests without one"
)


def require(settings: Settings, scope: Scope, headers: HeaderValues) -> None:
    """Refuse a request of another machine, to another name, or of a page of another origin.

    Names are checked since a page can have its own name lead to this machine (DNS rebinding).

    Raises
    ------
    ForbiddenError
        The text says which, and what to do.
    """
    if is_foreign(headers):
        origin = headers[b"origin"].decode("latin-1")
        raise ForeignOriginError(
            f"pages of {origin} may not call this server: make a key for them,"
            f" `braid key create --name NAME --scope publish --origin {origin}`"
        )
    if not settings.allow_open:
        require_this_machine(scope, headers)


def require_this_machine(scope: Scope, headers: HeaderValues) -> None:
    """Refuse a request of another machine, or to another name.

    Raises
    ------
    ForbiddenError
        The text says which, and what to do.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    caller = scope.get("client")
    if not _OF_PROXIES.isdisjoint(headers):
        through = min(_OF_PROXIES & headers.keys()).decode()
        detail = f"there is no API key yet, and the header {through} shows that a proxy passed the request on"
        raise OpenToThisMachineError(f"{detail}: {_MAKE_A_KEY}")
    if caller is None or not _is_loopback(caller[0].removeprefix(_MAPPED)):
        raise OpenToThisMachineError(f"there is no API key yet, so only this machine may send requests: {_MAKE_A_KEY}")
    if not _names_this_machine(host):
        detail = f"there is no API key yet, so the Host must be 127.0.0.1 or localhost, not {host!r}: {_MAKE_A_KEY}"
        raise ForeignHostError(detail)


def require_name_of_address(address: str, headers: HeaderValues) -> None:
    """Refuse a request to another name, where it came to an address that only this machine reaches.

    Raises
    ------
    ForeignHostError
        The text says which Host it must have.
    """
    host = headers.get(b"host", b"").decode("latin-1")
    if _is_loopback(address.removeprefix(_MAPPED)) and not _names_this_machine(host):
        raise ForeignHostError(
            f"only this machine reaches this port: the Host must be 127.0.0.1 or localhost, not {host!r}"
        )


def is_foreign(headers: HeaderValues) -> bool:
    """Return whether a page of another origin makes a request."""
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2] != headers.get(b"host", b"")


def _names_this_machine(host: str) -> bool:
    name = _name_of(host)
    return name in LOOPBACK or _is_loopback(name)


@lru_cache(1024)
def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _name_of(host: str) -> str:
    """Return the name or address of a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
