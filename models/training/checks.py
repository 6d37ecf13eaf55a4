"""Checks of a written bundle: answered requests, latency, coverage and size."""

import statistics
import time
from collections.abc import Collection

import numpy as np

from models.bundle.loader import Bundle
from models.bundle.manifest import Manifest
from models.bundle.verdict import GateCheck
from models.data.interactions import Interactions
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.ranker import Ranker
from models.recommenders.popularity import HALF_LIVES_DAYS, Popularity

REQUESTS = 100
MIN_ANSWERED = 0.95
MIN_COVERAGE = 0.5
MAX_GROWTH = 4.0
_OF_CATALOGUE = ("vectors_", "content_", "similar_content_", "knowledge_")
"""What the names of files begin with that grow with the catalogue's descriptions, not with the log."""
SMALL = 16_000_000
"""Bytes of a bundle that are never too many: of a small one most are the same whatever the number of interactions."""
MAX_MILLISECONDS = 100.0
_LENGTH = 10
_LEAST_WEIGHT = 0.01
"""Decayed number of interactions that an item in a window must have to count as one of its items."""
_COVERAGE = "coverage@10"


def check_bundle(
    bundle: Bundle, known: Interactions, active: Manifest | None, *, measured: Collection[str] = (), seed: int
) -> list[GateCheck]:
    """Rank for a hundred users with a bundle, and compare its size and its coverage with those of the active one.

    Parameters
    ----------
    known
        The interactions that the bundle was fitted on, with its codes.
    measured
        The parts that had data when the blend was measured.

    Raises
    ------
    BundleError
        It cannot be loaded.
    """
    ranker = Ranker.load(bundle)
    users = np.unique(known.users)
    sample = np.random.default_rng(seed).choice(users, min(REQUESTS, len(users)), replace=False)
    answered, milliseconds = 0, []
    for user in sample:
        history = known.history(int(user))
        began = time.perf_counter()
        found = ranker.rank(history, CandidateQuery(excluded=history.seen, limit=_LENGTH))
        milliseconds.append((time.perf_counter() - began) * 1e3)
        # For a user with interactions with every item there is nothing left to recommend.
        answered += bool(len(found.items)) or len(np.unique(history.items)) >= known.n_items
    return [
        check_parts(ranker, measured),
        _answers(answered, len(sample)),
        _latency(milliseconds),
        _windows(ranker.popularity),
        _coverage(bundle.manifest, active),
        _size(bundle.manifest, active),
    ]


def check_parts(ranker: Ranker, measured: Collection[str]) -> GateCheck:
    """Check that the blend and the network read the same parts as when they were measured."""
    config = ranker.retriever.config
    read = {part for part in measured if config.blend.reads_network or ranker.weight_of(part) > 0}
    lacking = sorted(read.difference(ranker.retriever.present))
    if lacking:
        detail = f"the bundle lacks parts that its blend reads: {', '.join(lacking)}"
        return GateCheck(name="parts", outcome="failed", detail=detail)
    return GateCheck(name="parts", outcome="passed", detail=f"all {len(read)} parts that its blend reads are there")


def _answers(answered: int, users: int) -> GateCheck:
    passed = answered >= MIN_ANSWERED * users
    detail = f"{answered} of {users} users get a list: at least {MIN_ANSWERED:.0%} must"
    return GateCheck(name="answers", outcome="passed" if passed else "failed", detail=detail)


def _latency(milliseconds: list[float]) -> GateCheck:
    middle, worst = statistics.median(milliseconds), max(milliseconds)
    detail = (
        f"ranking {len(milliseconds)} lists takes {middle:.2f} ms in the median, {worst:.1f} ms at most:"
        f" the median may be at most {MAX_MILLISECONDS:g} ms"
    )
    return GateCheck(name="latency", outcome="passed" if middle <= MAX_MILLISECONDS else "failed", detail=detail)


def _windows(popularity: Popularity) -> GateCheck:
    if popularity.flow is None:
        return GateCheck(name="windows", outcome="skipped", detail="the interactions have no times")
    days = HALF_LIVES_DAYS[-1]
    found = int((popularity.recent[-1] >= _LEAST_WEIGHT).sum())
    least = min(_LENGTH, int((popularity.counts > 0).sum()))
    detail = f"{found:,} items have interactions in the window of {days:g} days: at least {least} are required"
    return GateCheck(name="windows", outcome="passed" if found >= least else "failed", detail=detail)


def _coverage(new: Manifest, active: Manifest | None) -> GateCheck:
    measured, other = (_measured(manifest) for manifest in (new, active))
    if active is None or measured is None or other is None or new.protocol != active.protocol:
        return GateCheck(name="coverage", outcome="skipped", detail="there is no active bundle of the same protocol")
    (own, users), (before, earlier) = measured, other
    detail = (
        f"coverage@10 on validation is {own:.4f} ({users:,} users), that of bundle {active.version} was {before:.4f}"
        f" ({earlier:,}): at least {MIN_COVERAGE:.0%} of that is required"
    )
    if not earlier / 2 <= users <= earlier * 2:
        # Lists for more users cover more items.
        return GateCheck(name="coverage", outcome="skipped", detail=f"{detail}: too many more or fewer users")
    return GateCheck(name="coverage", outcome="passed" if own >= MIN_COVERAGE * before else "failed", detail=detail)


def _measured(manifest: Manifest | None) -> tuple[float, int] | None:
    validation = {} if manifest is None else manifest.metrics.get("validation", {})
    return (validation[_COVERAGE], validation["users"]) if _COVERAGE in validation else None


def _size(new: Manifest, active: Manifest | None) -> GateCheck:
    own = _bytes_a_row(new)
    before = None if active is None else _bytes_a_row(active)
    if active is None or own is None or before is None:
        return GateCheck(name="size", outcome="skipped", detail="there is no active bundle to compare with")
    detail = (
        f"it takes {own:,.0f} bytes an interaction, bundle {active.version} {before:,.0f}:"
        f" at most {MAX_GROWTH:g} times as many are allowed"
    )
    passed = own <= MAX_GROWTH * before or _bytes(new) <= SMALL
    return GateCheck(name="size", outcome="passed" if passed else "failed", detail=detail)


def _bytes(manifest: Manifest) -> int:
    """Return the size of what the log decides: vectors and descriptions are as large as the shop makes them."""
    return sum(entry.size for name, entry in manifest.files.items() if not name.startswith(_OF_CATALOGUE))


def _bytes_a_row(manifest: Manifest) -> float | None:
    rows = manifest.data.get("interactions")
    return _bytes(manifest) / rows if rows else None
