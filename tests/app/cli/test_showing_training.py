"""What `braid train` says, for people."""

from pathlib import Path
from typing import Any

import pytest

from app.cli.showing_training import document, gate_lines, learned_from, lines_of, words_of
from app.worker.training_run import Trained
from models.bundle.loader import Bundle
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.bundle.verdict import GateCheck, Verdict

CHECKS = (
    GateCheck(name="above_popularity", outcome="passed", detail="NDCG@10 on validation is 0.2"),
    GateCheck(name="own_validation", outcome="skipped", detail="there is no active bundle"),
    GateCheck(name="latency", outcome="failed", detail="the median is 200 ms"),
)


@pytest.fixture
def bundle(trained_bundles: Path) -> Bundle:
    found = BundleStore(trained_bundles).load_active()
    assert found is not None
    return found


def changed(manifest: Manifest, **changes: Any) -> Manifest:
    return manifest.model_copy(update=changes)


def test_a_training_is_told_on_one_screen(bundle: Bundle) -> None:
    lines = list(lines_of(Trained(bundle)))
    assert len(lines) <= 22
    text = "\n".join(lines)
    assert lines[0].startswith("Learned from ")
    assert " interactions of 120 users, with 60 items" in lines[0]
    assert "Braid finds " in text
    assert "Not used, which needs no action:" in text
    assert "The gate " in text
    for unread in ("ndcg@10", "{", "'"):
        assert unread not in text


def test_why_a_bundle_is_refused_is_said_first(bundle: Bundle) -> None:
    manifest = changed(bundle.manifest, gate=Verdict(checks=CHECKS))
    lines = list(gate_lines(manifest))
    assert lines == [
        "The gate refuses it: 1 of 3 checks failed.",
        "  failed: fast enough: the median is 200 ms",
        "  not made, with nothing to compare with: not far below the bundle before",
    ]


def test_what_passed_is_said_in_words(bundle: Bundle) -> None:
    lines = list(gate_lines(changed(bundle.manifest, gate=Verdict(checks=CHECKS[:2]))))
    assert lines[0] == "The gate lets it pass: 1 checks passed."
    assert lines[1] == "  passed: better than a list of what is popular"


def test_every_check_of_a_training_has_words(bundle: Bundle) -> None:
    assert bundle.manifest.gate is not None
    for check in bundle.manifest.gate.checks:
        assert words_of(check) != check.name


def test_times_and_the_goal_are_named(bundle: Bundle) -> None:
    data = {"interactions": 5, "users": 2, "items": 3, "window": [0.0, 86_400.0], "has_times": True}
    settings = {**bundle.manifest.settings, "goal": {"values": {"purchase": 1.0}, "at_least": {}, "weighed_by": None}}
    said = learned_from(changed(bundle.manifest, data=data, settings=settings))
    assert said == (
        "Learned from 5 interactions of 2 users, with 3 items, from 1970-01-01 to 1970-01-02. What counts as success:"
        " purchase."
    )


def test_what_could_not_be_measured_says_why(bundle: Bundle) -> None:
    metrics = {"test": {}, "unmeasured": "nobody has two interactions"}
    unmeasured = Bundle(bundle.folder, changed(bundle.manifest, metrics=metrics), {})
    lines = list(lines_of(Trained(unmeasured)))
    at = lines.index("How good its lists are could not be measured:")
    assert lines[at + 1] == "  nobody has two interactions"


def test_programs_get_all_of_it(bundle: Bundle) -> None:
    found = document(Trained(bundle, notes=("a note",)), active=True, place="var/bundles")
    assert found["report"] == f"var/bundles/{bundle.version}/report.html"
    assert found["metrics"] == bundle.manifest.metrics["test"]
    assert (found["catalogue_notes"], found["active"]) == (["a note"], True)
    assert bundle.manifest.gate is not None
    assert len(found["gate"]["checks"]) == len(bundle.manifest.gate.checks)
