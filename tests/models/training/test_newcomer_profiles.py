"""The weight of profiles is chosen on newcomers, and is 0 where profiles say nothing."""

from dataclasses import replace

import numpy as np
import pytest

from models.data.interactions import Interactions
from models.data.known_tastes import generate_tastes
from models.data.profiles import Profiles
from models.data.progress import silent
from models.evaluation.page import render_page
from models.evaluation.profile_rows import profile_rows
from models.training.evaluation_config import EvaluationConfig
from models.training.newcomer_profiles import choose_for_newcomers
from models.training.trainer import evaluate_folder


@pytest.fixture(scope="module")
def log() -> Interactions:
    dataset = generate_tastes(2500, 200).dataset
    return Interactions.from_table(dataset.interactions).with_profiles(Profiles.fit(dataset.users))


def shuffled(log: Interactions) -> Interactions:
    """Give each user the profile of another one."""
    assert log.profiles is not None
    profiles = log.profiles
    order = np.random.default_rng(0).permutation(log.n_users)
    mixed = replace(profiles.aligned(log.user_ids[order]), user_ids=log.user_ids)
    return replace(log, profiles=mixed)


@pytest.mark.parametrize("ordered", [True, False])
def test_profiles_that_tell_tastes_have_a_weight(log: Interactions, ordered: bool) -> None:
    found = choose_for_newcomers(log if ordered else replace(log, timestamps=None), None, 1800.0, 0)
    assert found.newcomers >= 200
    assert found.config.newcomer_weight > 0
    assert found.with_profile > 1.3 * found.without_profile


def test_profiles_that_tell_nothing_have_none(log: Interactions) -> None:
    found = choose_for_newcomers(shuffled(log), None, 1800.0, 0)
    assert found.newcomers >= 200
    assert found.config.newcomer_weight == 0
    assert found.with_profile == found.without_profile


def test_without_profiles_nothing_is_chosen(log: Interactions) -> None:
    found = choose_for_newcomers(replace(log, profiles=None), None, 1800.0, 0)
    assert found.newcomers == 0
    assert found.config.newcomer_weight == 0


def test_the_report_tells_what_profiles_gave() -> None:
    dataset = generate_tastes(1500, 100).dataset
    config = EvaluationConfig(
        protocol="timeline", parts=("popularity", "profile_affinity"), with_network=False, budget=0, brief=True
    )
    report = evaluate_folder(dataset, config, progress=silent)
    profiles = report.profiles
    assert profiles is not None
    assert profiles["attributes"] == {"country": 12, "plan": 4, "segment": 8}
    assert list(profiles["ignored"]) == ["email"]
    test = profiles["test"]
    assert test["users"] == report.segments["no_history"]["users"] >= 100
    own, without = (test["metrics"][name]["ndcg@10"] for name in ("braid", "without_profile"))
    assert own > 1.2 * without
    assert report.segments["no_history"]["metrics"]["braid"]["ndcg@10"] == own
    rows = dict(profile_rows(profiles))
    assert rows["attribute email"].startswith("ignored: 1,500 values")
    assert rows["newcomers of the test, ndcg@10"] == f"{own:.4f} with their profiles, {without:.4f} without"
    assert "ignored: 1,500 values" in render_page(report, "tastes")
