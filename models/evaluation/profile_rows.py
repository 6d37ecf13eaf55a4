"""What attributes of users and contexts gave, in words: for the page, the command line and the log of a training."""

from collections.abc import Mapping
from typing import Any

from models.evaluation.report import BLEND

WITHOUT_PROFILE = "without_profile"
"""The lists of the same users as if nothing were known of them."""
WITHOUT_CONTEXT = "without_context"
"""The lists of the same users as if only their attributes were known."""


def profile_rows(profiles: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Describe `EvaluationReport.profiles` in rows of a label and a text; none where nothing is known of users."""
    if not profiles:
        return []
    # Reports from before contexts were read have none.
    contexts, ignored = profiles.get("contexts", {}), profiles.get("ignored_contexts", {})
    rows = _given("attribute", "of users", profiles["attributes"], profiles["ignored"])
    rows += _given("context", "of interactions", contexts, ignored)
    network = ", read by the network" if profiles["read_by_network"] else ""
    rows.append(("weight of profiles", f"{profiles['weight']:.3g} in the mix{network}"))
    chosen, test = profiles["validation"], profiles["test"]
    if chosen is None:
        found = "too few newcomers with a profile to choose a weight: 0" if not profiles["newcomer_weight"] else None
        rows += [("profiles of newcomers", found or f"weight {profiles['newcomer_weight']:g}, as chosen before")]
    else:
        rows.append(("profiles of newcomers", f"weight {profiles['newcomer_weight']:g}, {_compared(**chosen)}"))
    if test is not None:
        with_profile, without = (test["metrics"][name] for name in (BLEND, WITHOUT_PROFILE))
        attributes_alone = test["metrics"].get(WITHOUT_CONTEXT, {})
        known = {"profiles": profiles["attributes"] or profiles["ignored"], "contexts": contexts or ignored}
        what = " and ".join(name for name, there in known.items() if there)
        for metric, value in with_profile.items():
            if metric.startswith(("ndcg@", "recall@")):
                alone = f", {attributes_alone[metric]:.4f} without contexts" if attributes_alone else ""
                text = f"{value:.4f} with their {what}, {without[metric]:.4f} without{alone}"
                rows.append((f"newcomers of the test, {metric}", text))
    return rows


def _given(kind: str, whose: str, values: Mapping[str, int], ignored: Mapping[str, str]) -> list[tuple[str, str]]:
    """List the attributes, or the values of contexts, that are read, and those that are not."""
    if not values and not ignored:
        return []
    read = [f"{name} ({count:,} value{'s' if count != 1 else ''})" for name, count in values.items()]
    rows = [(f"{kind}s {whose}", ", ".join(read) or "none that enough users share")]
    return rows + [(f"{kind} {name}", f"ignored: {reason}") for name, reason in ignored.items()]


def _compared(newcomers: int, **ndcg: float) -> str:
    """Compare newcomers of the validation with and without their profiles."""
    with_profile, without = ndcg["ndcg@10"], ndcg["without_profile_ndcg@10"]
    return f"NDCG@10 on validation {with_profile:.4f}, without profiles {without:.4f} ({newcomers:,} newcomers)"
