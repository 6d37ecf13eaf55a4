"""Names of settings: an unknown variable with the prefix is a mistake, unless it is set by others."""

import re
from collections.abc import Collection, Mapping

from app.nearest_name import nearest_name

PREFIX = "BRAID_"
_OF_TESTS = f"{PREFIX}TEST_"
_ADDRESS = r"(tcp|udp|sctp)://.+"
_IP = r"[0-9a-fA-F.:]+"
_NUMBER = r"\d+"
_PORT = r"PORT_\d+_(TCP|UDP|SCTP)"
_OF_KUBERNETES = {
    "SERVICE_HOST": _IP,
    r"SERVICE_PORT(_\w+)?": _NUMBER,
    "PORT": _ADDRESS,
    _PORT: _ADDRESS,
    f"{_PORT}_PROTO": "tcp|udp|sctp",
    f"{_PORT}_PORT": _NUMBER,
    f"{_PORT}_ADDR": _IP,
}
"""What Kubernetes sets in each container for a service, after the service's name, with the form of the value."""


def is_injected(name: str, value: str) -> bool:
    """Return whether a variable says where a service is, as Kubernetes sets it, and is no setting.

    It does so for services called `braid`, or `braid-` and more. `BRAID_PORT` is both: the port to listen on, and the
    address of a service called `braid`.
    """
    return any(
        re.fullmatch(rf"{PREFIX}(\w+_)?{kind}", name) and re.fullmatch(form, value)
        for kind, form in _OF_KUBERNETES.items()
    )


def unknown_names(variables: Mapping[str, str | None], known: Collection[str]) -> dict[str, str | None]:
    """Return the variables with the prefix that are no settings, each with the nearest setting if one is near.

    Parameters
    ----------
    known
        The names of the settings, with the prefix, in capitals.
    """
    found: dict[str, str | None] = {}
    for given, value in sorted(variables.items()):
        name = given.upper()
        of_others = name.startswith(_OF_TESTS) or is_injected(name, value or "")
        if name.startswith(PREFIX) and name not in known and not of_others:
            found[given] = nearest_name(name, known)
    return found
