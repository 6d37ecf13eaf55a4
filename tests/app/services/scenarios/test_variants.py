from typing import Any

from app.schemas.scenarios import Scenario
from app.services.scenarios.variants import variants_of


def scenario(**more: Any) -> Scenario:
    variants = [{"name": "a", "share": 0.2}, {"name": "b", "share": 0.8}]
    fixed = {"name": "test", "version": 1, "source": "api", "changed_at": None}
    return Scenario.model_validate({"variants": variants, **fixed, **more})


def test_the_shares_are_kept_and_users_stay_where_they_are() -> None:
    found = [variants_of(scenario(), f"u-{number}", None) for number in range(5000)]
    assert 0.17 < found.count(["a"]) / 5000 < 0.23
    assert found == [variants_of(scenario(version=2), f"u-{number}", None) for number in range(5000)]
    other = [variants_of(scenario(salt="other"), f"u-{number}", None) for number in range(5000)]
    both = sum(one == two == ["a"] for one, two in zip(found, other, strict=True))
    # Independent of each other: a fifth of a fifth.
    assert 0.03 < both / 5000 < 0.05


def test_a_user_hardly_moves_where_a_share_grows() -> None:
    wider = scenario(variants=[{"name": "a", "share": 0.3}, {"name": "b", "share": 0.7}])
    for number in range(500):
        if variants_of(scenario(), f"u-{number}", None) == ["a"]:
            assert variants_of(wider, f"u-{number}", None) == ["a"]


def test_a_scenario_without_variants_has_none() -> None:
    assert variants_of(scenario(variants=[]), "u", None) == [None]
