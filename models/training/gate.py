"""The gate: whether a new bundle may take the place of the active one."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.arrays.types import Int32
from models.bundle.errors import BundleError
from models.bundle.loader import Bundle
from models.bundle.manifest import Manifest
from models.bundle.verdict import GateCheck
from models.data.codes import find
from models.data.history import History
from models.data.holdout import hold_out
from models.data.order import are_times
from models.evaluation.by_kind import MeasuredKind
from models.evaluation.metrics import per_user_values
from models.evaluation.report import BLEND, POPULARITY, bootstrap_intervals
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.parallel import in_parallel
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.training.evaluate import Evaluated

NDCG = "ndcg@10"
MIN_USERS = 200
"""Fewest users whose lists are compared: with fewer, the outcome is chance."""
VALIDATION_SHARE = 0.7
"""Share of the active bundle's NDCG on its own validation that a candidate must reach."""
_MAX_USERS = 5000
_LENGTH = 10


def compare(run: Evaluated, active: Bundle | None, catalogue: pa.Table | None, *, seed: int) -> list[GateCheck]:
    """Compare the result of a run with the active bundle, before the recommenders are fitted on all data.

    Parameters
    ----------
    run
        The candidate, as it was evaluated.
    active
        None where there is none yet.
    """
    return [
        _above_popularity(run.validation),
        _on_own_validation(run, None if active is None else active.manifest),
        _on_new_interactions(run, active, catalogue, seed=seed),
        above_parts(run.report.kinds),
    ]


def _above_popularity(validation: Mapping[str, float]) -> GateCheck:
    if not validation:
        return GateCheck(name="above_popularity", outcome="skipped", detail="there are too few interactions to measure")
    own, popular, users = validation[NDCG], validation[f"{POPULARITY}_{NDCG}"], int(validation["users"])
    detail = f"NDCG@10 on validation is {own:.4f}, that of popularity {popular:.4f} ({users:,} users)"
    if own > popular:
        return GateCheck(name="above_popularity", outcome="passed", detail=detail)
    if users < MIN_USERS:
        return GateCheck(name="above_popularity", outcome="skipped", detail=f"{detail}: too few users to decide")
    return GateCheck(name="above_popularity", outcome="failed", detail=detail)


def _on_own_validation(run: Evaluated, active: Manifest | None) -> GateCheck:
    name = "own_validation"
    before = None if active is None else active.metrics.get("validation")
    if active is None or before is None:
        return GateCheck(
            name=name, outcome="skipped", detail="there is no active bundle with a validation to compare with"
        )
    earlier, users = (int(one.get("users", 0)) for one in (before, run.validation))
    if earlier < MIN_USERS or users < MIN_USERS:
        # A log that shrank must not replace a bundle that is known to be good.
        detail = (
            f"bundle {active.version} was measured on {earlier:,} users, this one on {users:,}:"
            f" they are compared from {MIN_USERS} users on"
        )
        return GateCheck(name=name, outcome="skipped" if earlier < MIN_USERS else "failed", detail=detail)
    if active.protocol != run.report.protocol:
        detail = f"the protocol is {run.report.protocol}, that of bundle {active.version} was {active.protocol}"
        return GateCheck(name=name, outcome="skipped", detail=detail)
    own, least = run.validation[NDCG], VALIDATION_SHARE * before[NDCG]
    detail = (
        f"NDCG@10 on validation is {own:.4f}, that of bundle {active.version} was {before[NDCG]:.4f}:"
        f" at least {least:.4f} is required"
    )
    return GateCheck(name=name, outcome="passed" if own >= least else "failed", detail=detail)


def _on_new_interactions(run: Evaluated, active: Bundle | None, catalogue: pa.Table | None, *, seed: int) -> GateCheck:
    """Compare on the interactions after the data of the active bundle; the candidate is fitted up to there as well."""
    name = "new_interactions"
    window = None if active is None else active.manifest.data.get("window")
    times = run.everything.timestamps
    if active is None or window is None or times is None:
        detail = "there is no active bundle" if active is None else "the interactions have no times"
        return GateCheck(name=name, outcome="skipped", detail=detail)
    if active.manifest.data.get("has_times", are_times(np.array(window))) != run.everything.has_clock:
        detail = f"the log had only an order when bundle {active.version} was trained, or has only an order now"
        return GateCheck(name=name, outcome="skipped", detail=detail)
    # A row with a time after the bundle was made does not mark the end of its data.
    end = min(window[1], active.manifest.created_at.timestamp()) if run.everything.has_clock else window[1]
    late = times > end
    after = np.nextafter(end, np.inf)
    moments = np.full(run.everything.n_users, after)
    log = run.log.select(run.log.times < after)
    known = run.everything.accumulated(run.log, moments).select(~late).standing_for(log)
    wanted = late & run.everything.targets
    users, items = run.everything.users[wanted], run.everything.items[wanted]
    holdout, _ = hold_out(log, users, items, include_seen=False, now=after)
    holdout = holdout.sample(_MAX_USERS, seed)
    if len(holdout.users) < MIN_USERS:
        found = f"{len(holdout.users):,} users have new items since bundle {active.version}"
        detail = f"{found}: fewer than {MIN_USERS}"
        return GateCheck(name=name, outcome="skipped", detail=detail)
    try:
        present = Ranker.load(active)
    except BundleError as error:
        return GateCheck(name=name, outcome="skipped", detail=f"the active bundle cannot be read: {error}")
    own = run.learned.ranker
    retriever = own.retriever.refitted(known, own.retriever.config, catalogue)
    candidate = Ranker(retriever, own.network, known.item_ids, known.user_ids)
    histories = [holdout.history(row) for row in range(len(holdout.users))]
    codes = find(present.item_ids, [item.decode() for item in known.item_ids])
    users = find(present.user_ids, [known.user_ids[user].decode() for user in holdout.users])
    others = [_translated(history, codes, int(user)) for history, user in zip(histories, users, strict=True)]
    # The last position stands for -1, the end of a list. An item that the active bundle does not know is a miss.
    back = np.full(len(present.item_ids) + 1, -1, dtype=np.int32)
    back[codes[codes >= 0]] = np.flatnonzero(codes >= 0)
    lists = {
        "candidate": rank_histories(candidate, histories),
        "active": back[rank_histories(present, others)],
    }
    values = {
        name: per_user_values(ranked, holdout.targets.offsets, holdout.targets.items, [_LENGTH])[NDCG]
        for name, ranked in lists.items()
    }
    low, high = bootstrap_intervals({NDCG: values["candidate"] - values["active"]}, seed=seed)[NDCG]
    detail = (
        f"NDCG@10 on the new items of {len(holdout.users):,} users after the data of bundle {active.version} is"
        f" {values['candidate'].mean():.4f}, that of the bundle {values['active'].mean():.4f}"
        f" (difference {low:+.4f} to {high:+.4f})"
    )
    return GateCheck(name=name, outcome="failed" if high < 0 else "passed", detail=detail)


def above_parts(kinds: Mapping[str, MeasuredKind]) -> GateCheck:
    """Compare the blend with its best part on each kind of list."""
    name, failed, details = "best_part", False, []
    for kind, measured in kinds.items():
        if measured["users"] < MIN_USERS:
            continue
        best = measured["best_part"]
        _, low, high = measured["difference"]
        failed |= high < 0
        verdict = "significantly worse" if high < 0 else "not significantly worse"
        own, other = (measured["metrics"][one][NDCG] for one in (BLEND, best))
        details.append(
            f"on {measured['users']:,} {kind} lists NDCG@10 is {own:.4f}, that of {best}, the best part, {other:.4f}"
            f" (difference {low:+.4f} to {high:+.4f}: {verdict})"
        )
    if not details:
        detail = f"the test has fewer than {MIN_USERS} requests: too few to decide"
        return GateCheck(name=name, outcome="skipped", detail=detail)
    return GateCheck(name=name, outcome="failed" if failed else "passed", detail="; ".join(details))


def _translated(history: History, codes: Int32, user: int) -> History:
    kept = history.where(codes[history.items] >= 0)
    events = None if kept.events is None else replace(kept.events, items=codes[kept.events.items], user=user)
    left_out = None if kept.left_out is None else codes[kept.left_out][codes[kept.left_out] >= 0]
    return replace(kept, items=codes[kept.items], user=user, events=events, disliked=None, left_out=left_out)


def rank_histories(ranker: Ranker, histories: list[History]) -> npt.NDArray[np.int32]:
    """Rank ten unseen items for every history: int32 (histories, 10), -1 where the list ends early."""
    lists = np.full((len(histories), _LENGTH), -1, dtype=np.int32)
    count = max(_LENGTH, ranker.retriever.config.blend.candidates)

    def rank(own: tuple[Retriever, ...], row: int) -> None:
        history = histories[row]
        query = CandidateQuery(excluded=history.seen, limit=count)
        best = ranker.rank(history, query, retriever=own[0]).items[:_LENGTH]
        lists[row, : len(best)] = best

    for _ in in_parallel((ranker.retriever,), len(histories), rank):
        pass
    return lists
