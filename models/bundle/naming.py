"""Names of versions of bundles."""

import re
from datetime import UTC, datetime

from models.bundle.errors import BundleError

_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}")
_OF_GOAL = re.compile(r"(?P<version>.+)\.goal\d+")


def new_version() -> str:
    """Return a version name made from the present time, so that names sort by age."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")


def goal_version(version: str, place: int) -> str:
    """Return the version of the bundle of a further goal of a bundle; `place` counts the goals from 1."""
    return f"{version}.goal{place}"


def version_of_goal(name: str) -> str | None:
    """Return the version that the bundle of a further goal goes with; None where it is of no further goal."""
    found = _OF_GOAL.fullmatch(name)
    return None if found is None else found["version"]


def is_version(name: str) -> bool:
    """Tell whether a name can be that of a version."""
    return _VERSION.fullmatch(name) is not None


def checked(version: str) -> str:
    """Return the name of a version, if it is valid.

    Raises
    ------
    BundleError
        It is not the name of a version.
    """
    if not _VERSION.fullmatch(version):
        raise BundleError(f"{version[:80]!r} is not the name of a version")
    return version


def version_named(content: bytes, place: str) -> str:
    """Read the name of the active version.

    Raises
    ------
    BundleError
        It is not the name of a version.
    """
    name = content.decode("utf-8", errors="replace").strip()
    if not _VERSION.fullmatch(name):
        raise BundleError(f"{place}: {name[:80]!r} is not the name of a version")
    return name
