"""Variants: which definition of a scenario a user gets."""

import random
from hashlib import blake2b

from app.errors import InvalidFieldsError
from app.schemas.problems import FieldError
from app.schemas.scenarios import Scenario

_random = random.Random()  # noqa: S311 - for sessions without a user, not for secrets


def variants_of(
    scenario: Scenario, user_id: str | None, wanted: str | None, *, continued: bool = False
) -> list[str | None]:
    """Return the variant of a scenario for a user, in a list; without a user and for a later page, all it may have.

    The same user always gets the same one, by a hash with the salt of the scenario. Without a user it is drawn.

    Parameters
    ----------
    wanted
        A variant that the request names.
    continued
        Whether the request has a cursor.

    Raises
    ------
    InvalidFieldsError
        The scenario has no variant of this name.
    """
    names = [variant.name for variant in scenario.variants]
    if wanted is not None and wanted not in names:
        there = f"there is {', '.join(names)}" if names else "it has none"
        detail = f"scenario {scenario.name!r} has no variant {wanted!r}: {there}"
        raise InvalidFieldsError(detail, [FieldError(field="variant", code="unknown_variant", detail=detail)])
    if wanted is not None or not names:
        return [wanted]
    if user_id is None and continued:
        return [*names]
    place = _random.random() if user_id is None else _share(scenario.salt or scenario.name, user_id)
    for variant in scenario.variants:
        place -= variant.share
        if place < 0:
            return [variant.name]
    return [names[-1]]


def _share(salt: str, user_id: str) -> float:
    """Return a number from 0 to 1, the same for the same salt and user."""
    digest = blake2b(f"{salt}\0{user_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
