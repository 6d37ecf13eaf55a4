"""What a training made, in one screen: for people who want to know whether it is good, and whether it is served."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from app.cli.showing_evaluation import not_used
from app.worker.training_run import Trained
from models.bundle.manifest import REPORT_FILE, Manifest
from models.bundle.verdict import GateCheck
from models.evaluation.headline import bundle_headline, network_share

_CHECKS = {
    "above_popularity": "better than a list of what is popular",
    "own_validation": "not far below the bundle before",
    "new_interactions": "not worse than the bundle before on what came since",
    "best_part": "not worse than its best part alone",
    "parts": "nothing is missing in it",
    "answers": "nearly every user gets a list",
    "coverage": "not much less of the catalogue than before",
    "windows": "recent activity is there",
    "latency": "fast enough",
    "size": "not unusually large",
    "further_goal": "the bundle of a further goal passed",
}
_PROTOCOLS = {
    "timeline": "by replaying the latest visits, which it had not seen",
    "temporal": "on what users chose after a moment, of which it had not seen anything",
    "leave-last-out": "on the last item of each user, which it had not seen",
    "fixed": "on test items of the data",
    "random": "on items that were hidden at random",
}


def lines_of(trained: Trained) -> Iterator[str]:
    """Say what a training learned from, how good its lists are, what it leaves out, and what the gate says."""
    manifest = trained.bundle.manifest
    yield learned_from(manifest)
    for note in trained.notes:
        yield f"  catalogue: {note}"
    if not trained.same_data:
        yield "  The data differ from those of the bundle that is repeated, and so may the recommendations."
    yield ""
    yield from _quality(manifest)
    left = list(not_used(manifest.metrics.get("left_out") or {}))
    if left:
        yield ""
        yield "Not used, which needs no action:"
        yield from left[1:]
    yield ""
    yield from gate_lines(manifest)


def learned_from(manifest: Manifest) -> str:
    """Say what a bundle was trained on."""
    data = manifest.data
    counts = [f"{data[name]:,} {name}" for name in ("interactions", "users", "items") if name in data]
    goal = manifest.settings.get("goal")
    kinds = ", ".join(goal["values"]) if goal else ""
    sought = f" What counts as success: {kinds}." if kinds else ""
    with_items = "".join(f", with {items}" for items in counts[2:])
    return f"Learned from {' of '.join(counts[:2])}{with_items}{_when(data)}.{sought}"


def _when(data: Mapping[str, Any]) -> str:
    window = data.get("window")
    if not window or not data.get("has_times", False):
        return ""
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in window)
    return f", from {first:%Y-%m-%d} to {last:%Y-%m-%d}"


def _quality(manifest: Manifest) -> Iterator[str]:
    said = bundle_headline(manifest)
    if said is None:
        yield "How good its lists are could not be measured:"
        yield f"  {manifest.metrics.get('unmeasured') or 'there is no test'}"
        return
    yield said
    users = manifest.data.get("measured_users", manifest.data.get("test_users"))
    how = _PROTOCOLS.get(manifest.protocol, manifest.protocol)
    if users:
        yield f"  Measured {how}: {users:,} {'requests' if manifest.protocol == 'timeline' else 'users'}."
    yield f"  {network_share(manifest.settings)}"
    if manifest.metrics.get("budget_spent"):
        yield "  Time ran out before all settings were tried: a larger --budget may find better ones."


def gate_lines(manifest: Manifest) -> Iterator[str]:
    """Say what the gate found, in words."""
    if manifest.gate is None:
        return
    checks = manifest.gate.checks
    failed, passed, skipped = (
        [check for check in checks if check.outcome == outcome] for outcome in ("failed", "passed", "skipped")
    )
    if failed:
        yield f"The gate refuses it: {len(failed)} of {len(checks)} checks failed."
    else:
        yield f"The gate lets it pass: {len(passed)} checks passed."
    for check in failed:
        yield f"  failed: {words_of(check)}: {check.detail}"
    if passed and not failed:
        yield f"  passed: {'; '.join(map(words_of, passed))}"
    if skipped:
        yield f"  not made, with nothing to compare with: {'; '.join(map(words_of, skipped))}"


def words_of(check: GateCheck) -> str:
    """Say what a check asks for."""
    return _CHECKS.get(check.name, check.name)


def document(trained: Trained, *, active: bool, place: str) -> dict[str, Any]:
    """Return the same for programs."""
    manifest = trained.bundle.manifest
    metrics = manifest.metrics
    return {
        "version": manifest.version,
        "active": active,
        "says": bundle_headline(manifest),
        "protocol": manifest.protocol,
        "data": manifest.data,
        "metrics": metrics.get("test", {}),
        "unmeasured": metrics.get("unmeasured"),
        "budget_spent": metrics.get("budget_spent", False),
        "left_out": metrics.get("left_out") or {},
        "catalogue_notes": list(trained.notes),
        "same_data": trained.same_data,
        "gate": None
        if manifest.gate is None
        else {
            "passed": manifest.gate.passed,
            "reason": manifest.gate.reason,
            "against": manifest.gate.against,
            "checks": [check.model_dump() for check in manifest.gate.checks],
        },
        "report": f"{place}/{manifest.version}/{REPORT_FILE}",
    }
