"""Request ids: they say which bundle and which strategy made a list, and when, so that no list has to be stored."""

from dataclasses import dataclass

UNKNOWN = "unknown"
_PARTS = 4


@dataclass(frozen=True)
class Origin:
    """Where a list came from; `unknown` for an id that is none of Braid's."""

    bundle_version: str
    strategy: str


def write(mark: str, moment: int, number: int) -> str:
    """Write an id.

    Parameters
    ----------
    mark
        What `mark` gives for the bundle and the strategy.
    moment
        In microseconds since 1970.
    number
        Of 32 bits, so that no two are the same.
    """
    return f"{mark}~{moment}~{number:08x}"


def mark(bundle_version: str, strategy: str) -> str:
    """Give what the ids of lists of one origin begin with."""
    return f"{bundle_version}~{strategy}"


def read(request_id: str) -> Origin:
    """Read where the list of an id came from."""
    parts = request_id.rsplit("~", _PARTS - 1)
    if len(parts) != _PARTS or not all(parts) or not parts[2].isdigit():
        return Origin(UNKNOWN, UNKNOWN)
    return Origin(parts[0], parts[1])
