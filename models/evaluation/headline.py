"""What an evaluation found, in sentences: for the report, the command and whoever else shows a bundle."""

from collections.abc import Iterator, Mapping
from typing import Any

from models.bundle.manifest import Manifest
from models.data.goal import Goal
from models.evaluation.report import BLEND, NETWORK, POPULARITY, EvaluationReport, plain_length
from models.evaluation.words import PARTS

Metrics = Mapping[str, Mapping[str, float]]
_VERBS = {"purchase": "bought", "like": "liked", "rating": "loved", "view": "viewed", "click": "clicked"}
_FOUND = {
    "timeline": "an item that a user {verb} in the visit",
    "temporal": "an item that a user {verb} later",
    "leave-last-out": "the item that a user {verb} next",
    "fixed": "an item that a user {verb}, and that it did not know of,",
    "random": "an item that a user {verb}, and that was hidden from it,",
}
_LENGTHS = {5: "top-five", 10: "top-ten", 20: "top-twenty"}
_FEW = 20
"""Users of whom a mean says something."""
_ALIKE = 0.05
"""Share by which two figures may differ and still be called the same."""


def headline(metrics: Metrics, protocol: str, goal: str | None = None) -> str:
    """Say how often Braid's lists hold what was looked for, and how often those of popularity do.

    Parameters
    ----------
    metrics
        Of the blend, the parts and popularity, as in a report or in the manifest of a bundle.
    """
    length = plain_length(metrics)
    own, others = found_share(metrics, BLEND, length), found_share(metrics, POPULARITY, length)
    out_of = denominator(own, others)
    what = _FOUND.get(protocol, _FOUND["temporal"]).format(verb=_verb(goal))
    lists = f"{out_of:,} {_LENGTHS.get(length, f'top-{length}')} lists"
    return f"Braid finds {what} in {round(own * out_of):,} of {lists}, popularity in {round(others * out_of):,}."


def bundle_headline(manifest: Manifest) -> str | None:
    """Say the same of a bundle; None where nothing was measured."""
    metrics, goal = manifest.metrics.get("test"), manifest.settings.get("goal")
    if not metrics or BLEND not in metrics or POPULARITY not in metrics:
        return None
    return headline(metrics, manifest.protocol, None if goal is None else str(Goal.model_validate(goal)))


def found_share(measured: Metrics, part: str, length: int) -> float:
    """Return the share of the lists of a part with at least one item that was looked for."""
    values = measured[part]
    return values.get(f"hit_rate@{length}", values[f"recall@{length}"])


def denominator(*shares: float) -> int:
    """Return of how many lists to speak, so that shares are whole numbers that differ where they do."""
    least = min((share for share in shares if share > 0), default=1.0)
    for out_of in (100, 1000):
        rounded = {round(share * out_of) for share in shares}
        if least * out_of >= 1 and len(rounded) == len(set(shares)):
            return out_of
    return 100 if least >= 0.01 else 10_000  # noqa: PLR2004 - one of a hundred


def key_points(report: EvaluationReport) -> Iterator[str]:
    """Say in a few sentences what follows from a report, and how sure it is."""
    length = report.plain_k
    whole = {"metrics": report.metrics, "intervals": report.intervals}
    own, popular = (found_share(report.metrics, name, length) for name in (BLEND, POPULARITY))
    out_of = denominator(own, popular)
    yield _certainty(report, whole, length, out_of)
    yield _beside_popularity(whole, own, popular, length)
    if len(report.compared) > 2:  # noqa: PLR2004 - a part beside the blend and popularity
        yield _beside_best_part(whole, report.compared[1], length, out_of)
    yield from _of_users(report, length)
    covered = report.metrics[BLEND].get(f"coverage@{length}")
    if covered is not None:
        yield f"The lists of all test users together show {_percent(covered)} of the catalogue."
    if report.settings.get("budget_spent"):
        yield "The time for trying settings ran out, and some were not tried: with a larger budget it may get better."


def _certainty(report: EvaluationReport, whole: Mapping[str, Any], length: int, out_of: int) -> str:
    low, high = _interval(whole, BLEND, length)
    counts = report.counts
    users = counts.get("measured_users", counts.get("test_users", 0))
    asked = "requests" if report.protocol == "timeline" else "users"
    return (
        f"Measured on {users:,} {asked}. With others of the same kind it would be between {round(low * out_of):,} and"
        f" {round(high * out_of):,} of {out_of:,} (95 % certain)."
    )


def _beside_popularity(whole: Mapping[str, Any], own: float, popular: float, length: int) -> str:
    (low, _), (_, high) = _interval(whole, BLEND, length), _interval(whole, POPULARITY, length)
    if popular <= 0:
        return "Lists of what is popular find nothing at all."
    times = own / popular
    if times < 1 - _ALIKE:
        return f"Lists of what is popular do better: they find it in {_percent(popular)} of the lists."
    if times < 1 + _ALIKE:
        return "Lists of what is popular find as much: the data say little about single users."
    sure = "more than chance explains" if low > high else "with so few users, that may be chance"
    return f"That is {times:.1f} times as often as lists of what is popular: {sure}."


def _beside_best_part(whole: Mapping[str, Any], best: str, length: int, out_of: int) -> str:
    own, alone = (found_share(whole["metrics"], name, length) for name in (BLEND, best))
    what = f"The best part alone ({best}: {PARTS.get(best, best)}) finds it in {round(alone * out_of):,} of {out_of:,}"
    if alone and abs(own / alone - 1) < _ALIKE:
        return f"{what}: all parts together do about as well."
    if own > alone:
        return f"{what}: together the parts find more."
    return f"{what}, which is more: validation, on which the settings were chosen, differs from the test."


def _of_users(report: EvaluationReport, length: int) -> Iterator[str]:
    """Tell of users who are known less."""
    segments = report.segments
    lengths = [(name, one) for name, one in segments.get("history_length", {}).items() if one["users"] >= _FEW]
    if len(lengths) > 1:
        (short, few), (long, many) = lengths[0], lengths[-1]
        shares = [found_share(one["metrics"], BLEND, length) for one in (few, many)]
        out_of = denominator(*shares)
        yield (
            f"Users with {_items(short)} in their history: {round(shares[0] * out_of):,} of {out_of:,}; with"
            f" {_items(long)}: {round(shares[1] * out_of):,}."
        )
    for name, who in (
        ("new_users", "Users whom Braid meets for the first time, with their history in the request"),
        ("no_history", "Users of whom nothing is known"),
    ):
        if name in segments and segments[name]["users"]:
            share = found_share(segments[name]["metrics"], BLEND, length)
            out_of = denominator(share)
            yield f"{who}: {round(share * out_of):,} of {out_of:,} ({segments[name]['users']:,} users)."


def network_share(settings: Mapping[str, Any]) -> str:
    """Say how much the network has to say, given the settings of a report or a manifest."""
    weight = float(settings.get("blend", {}).get(f"{NETWORK}_weight", 0.0))
    if weight <= 0:
        return "The neural network has no say in lists from the whole catalogue: it did not help on validation."
    return f"The neural network has {_percent(weight)} of the score, the other parts have the rest."


def _interval(whole: Mapping[str, Any], part: str, length: int) -> tuple[float, float]:
    ends = whole["intervals"][part]
    low, high = ends.get(f"hit_rate@{length}", ends[f"recall@{length}"])
    return low, high


def _verb(goal: str | None) -> str:
    kind = (goal or "").partition(":")[0].partition(">")[0].partition("=")[0].strip()
    return _VERBS.get(kind, "chose")


def _items(length: str) -> str:
    return {"1": "one item", "more": "more than 20 items"}.get(length, f"{length.replace('-', ' to ')} items")


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %") if share >= 0.01 else f"{share:.1%}".replace("%", " %")  # noqa: PLR2004
