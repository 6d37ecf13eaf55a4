"""What the attributes of users gave, in words: for the page, for the command line and for the log of a training."""

from collections.abc import Mapping
from typing import Any

from models.evaluation.report import BLEND

WITHOUT_PROFILE = "without_profile"
"""The lists of the same users as if nothing were known of them."""


def profile_rows(profiles: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """Describe `EvaluationReport.profiles` in rows of a label and a text; none where no user has an attribute."""
    if not profiles:
        return []
    read = [f"{name} ({count:,} value{'s' if count != 1 else ''})" for name, count in profiles["attributes"].items()]
    rows = [("attributes of users", ", ".join(read) or "none that enough users share")]
    rows += [(f"attribute {name}", f"ignored: {reason}") for name, reason in profiles["ignored"].items()]
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
        rows += [
            (f"newcomers of the test, {metric}", f"{value:.4f} with their profiles, {without[metric]:.4f} without")
            for metric, value in with_profile.items()
            if metric.startswith(("ndcg@", "recall@"))
        ]
    return rows


def _compared(newcomers: int, **ndcg: float) -> str:
    """Compare newcomers of the validation with and without their profiles."""
    with_profile, without = ndcg["ndcg@10"], ndcg["without_profile_ndcg@10"]
    return f"NDCG@10 on validation {with_profile:.4f}, without profiles {without:.4f} ({newcomers:,} newcomers)"
