"""Names of settings: an unknown variable with the prefix is a mistake, unless it is set by others."""

import re
from collections.abc import Collection, Mapping

from app.nearest_name import nearest_name

PREFIX = "BRAID_"
_OF_TESTS = f"{PREFIX}TEST_"
_ADDRESS = re.compile(r"(tcp|udp|sctp)://")
_OF_KUBERNETES = re.compile(
    rf"{PREFIX}(\w+_)?(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?)"
)
"""What Kubernetes sets in each container for a service whose name begins with `braid`."""


def is_injected(name: str, value: str) -> bool:
    """Return whether a variable says where a service is, as Kubernetes sets it, and is no setting.

    `BRAID_PORT` is both: the port to listen on, and the address of a service called `braid`.
    """
    if _OF_KUBERNETES.fullmatch(name) is None:
        return False
    return name != f"{PREFIX}PORT" or _ADDRESS.match(value) is not None


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
