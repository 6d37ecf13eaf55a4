"""The headers of a request by their names: read once, since several are asked for in front of the hot path."""

from collections.abc import Mapping

from starlette.types import Scope

HeaderValues = Mapping[bytes, bytes]
"""Names are in lower case, as ASGI has them."""
_READ = "braid.headers"


def header_values(scope: Scope) -> HeaderValues:
    """Return the headers of a request; of several with one name the first."""
    found: HeaderValues | None = scope.get(_READ)
    if found is None:
        found = scope[_READ] = dict(reversed(scope["headers"]))
    return found
