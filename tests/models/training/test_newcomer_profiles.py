"""The weight of profiles is chosen on newcomers, and is 0 where profiles say nothing."""

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models.data.folder import DataSet
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


def visits(users: int, *, with_age: bool = False) -> DataSet:
    """Generate users who come once, half of them on a mobile, where other items are taken than on a desktop."""
    rng = np.random.default_rng(0)
    owner = np.repeat(np.arange(users), 3)
    mobile = rng.random(users) < 0.5
    popular = (1.0 + np.arange(30)) ** -0.7
    item = rng.choice(30, size=len(owner), p=popular / popular.sum()) * 2 + mobile[owner]
    item = np.where(rng.random(len(owner)) < 0.8, item, rng.integers(60, size=len(owner)))
    contexts = [{"device": "mobile" if mobile[user] else "desktop", "session": f"s{user}"} for user in owner]
    table = pa.table(
        {
            "user_id": [f"u{user:04d}" for user in owner],
            "item_id": [f"i{one:02d}" for one in item],
            "timestamp": 1_700_000_000.0 + 3600.0 * owner + np.tile([0.0, 60.0, 120.0], users),
            "context": [json.dumps(one) for one in contexts],
        }
    )
    ages = pa.table({"user_id": [f"u{n:04d}" for n in range(users)], "group": [f"g{n % 3}" for n in range(users)]})
    return DataSet(table, users=ages if with_age else None)


@pytest.mark.parametrize("ordered", [True, False])
def test_contexts_that_tell_tastes_have_a_weight(ordered: bool) -> None:
    log = Interactions.from_table(visits(1500).interactions)
    found = choose_for_newcomers(log if ordered else replace(log, timestamps=None), None, 1800.0, 0)
    assert found.newcomers >= 140
    assert found.config.newcomer_weight > 0
    assert found.with_profile > 1.2 * found.without_profile


@pytest.mark.parametrize("with_users", [False, True])
def test_the_report_tells_what_contexts_gave(with_users: bool) -> None:
    parts = ("popularity", "profile_affinity")
    config = EvaluationConfig(protocol="timeline", parts=parts, with_network=False, budget=0, brief=True)
    report = evaluate_folder(visits(1200, with_age=with_users), config, progress=silent)
    profiles = report.profiles
    assert profiles is not None
    assert profiles["contexts"] == {"device": 2}
    assert list(profiles["ignored_contexts"]) == ["session"]
    assert profiles["attributes"] == ({"group": 3} if with_users else {})
    metrics = profiles["test"]["metrics"]
    own, without = (metrics[name]["ndcg@10"] for name in ("braid", "without_profile"))
    assert profiles["test"]["users"] == report.segments["no_history"]["users"] >= 100
    assert own > 1.2 * without
    rows = dict(profile_rows(profiles))
    assert rows["contexts of interactions"] == "device (2 values)"
    assert rows["context session"].startswith("ignored: 1,200 values")
    assert ("attributes of users" in rows) == with_users
    told = rows["newcomers of the test, ndcg@10"]
    if with_users:
        alone = metrics["without_context"]["ndcg@10"]
        assert own > 1.2 * alone
        assert (
            told == f"{own:.4f} with their profiles and contexts, {without:.4f} without, {alone:.4f} without contexts"
        )
    else:
        assert told == f"{own:.4f} with their contexts, {without:.4f} without"


def test_reports_from_before_contexts_are_described() -> None:
    older = {
        "attributes": {"country": 2},
        "ignored": {},
        "weight": 0.0,
        "read_by_network": False,
        "newcomer_weight": 0.5,
        "pseudo_count": 10.0,
        "validation": None,
        "test": {"metrics": {"braid": {"ndcg@10": 0.2}, "without_profile": {"ndcg@10": 0.1}}},
    }
    assert dict(profile_rows(older))["newcomers of the test, ndcg@10"] == "0.2000 with their profiles, 0.1000 without"
