"""Request ids: they hold the bundle, the strategy and the time of a list, so that no list has to be stored."""

from dataclasses import dataclass

UNKNOWN = "unknown"
_PARTS = 4
_PARTS_IN_PLACE = 6


@dataclass(frozen=True)
class Origin:
    """Where a list came from; `unknown` where Braid did not write the id.

    `scenario` and `variant` are None for a list without a scenario, and one without variants.
    """

    bundle_version: str
    strategy: str
    scenario: str | None = None
    variant: str | None = None


def write(mark: str, moment: int, number: int) -> str:
    """Write an id.

    Parameters
    ----------
    mark
        The result of `mark` for the bundle and the strategy.
    moment
        Microseconds since 1970.
    number
        Random, of 32 bits, so that no two ids are the same.
    """
    return f"{mark}~{moment}~{number:08x}"


def mark(bundle_version: str, strategy: str, *place: str) -> str:
    """Return the beginning of the ids of all lists of one bundle and strategy, and of a scenario and variant."""
    return "~".join((bundle_version, strategy, *place))


def read(request_id: str) -> Origin:
    """Read where the list of an id came from."""
    parts = request_id.split("~")
    if len(parts) == _PARTS_IN_PLACE and parts[4].isdigit() and parts[0] and parts[1] and parts[2]:
        return Origin(parts[0], parts[1], parts[2], parts[3] or None)
    parts = request_id.rsplit("~", _PARTS - 1)
    if len(parts) != _PARTS or not all(parts) or not parts[2].isdigit():
        return Origin(UNKNOWN, UNKNOWN)
    return Origin(parts[0], parts[1])
