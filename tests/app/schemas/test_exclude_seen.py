"""Which seen items a query string leaves out."""

import pytest
from pydantic import ValidationError

from app.schemas.recommend_requests import RecommendQuery


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (None, None),
        (["true"], True),
        (["Yes"], True),
        (["on"], True),
        (["FALSE"], False),
        (["off"], False),
        (["view"], ("view",)),
        (["view", "cart"], ("view", "cart")),
    ],
)
def test_all_none_or_event_types(given: list[str] | None, read: object) -> None:
    assert RecommendQuery(exclude_seen=given).options().exclude_seen == read


@pytest.mark.parametrize("given", [["true", "view"], ["view", "No"]])
def test_they_are_not_mixed(given: list[str]) -> None:
    with pytest.raises(ValidationError, match="not several of these"):
        RecommendQuery(exclude_seen=given)
