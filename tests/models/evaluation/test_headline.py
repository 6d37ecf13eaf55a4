"""What is said of an evaluation, in sentences."""

from collections.abc import Callable
from typing import Any

import pytest

from models.evaluation.headline import denominator, headline, key_points, network_share
from models.evaluation.report import EvaluationReport

MakeReport = Callable[..., EvaluationReport]


def metrics(own: float, popular: float, k: int = 10) -> dict[str, dict[str, float]]:
    return {
        name: {f"recall@{k}": value / 2, f"ndcg@{k}": value / 3, f"hit_rate@{k}": value}
        for name, value in (("braid", own), ("popularity", popular))
    }


@pytest.mark.parametrize(
    ("protocol", "goal", "found"),
    [
        ("leave-last-out", None, "the item that a user chose next"),
        ("timeline", "purchase", "an item that a user bought in the visit"),
        ("temporal", "rating>=4", "an item that a user loved later"),
        ("temporal", "purchase=1,cart=0.2", "an item that a user bought later"),
        ("random", "play", "an item that a user chose, and that was hidden from it,"),
    ],
)
def test_the_first_sentence_says_what_was_found_and_how_often(protocol: str, goal: str | None, found: str) -> None:
    said = headline(metrics(0.1109, 0.0114), protocol, goal)
    assert said == f"Braid finds {found} in 11 of 100 top-ten lists, popularity in 1."


def test_the_length_of_the_lists_is_named() -> None:
    assert "of 100 top-five lists" in headline(metrics(0.5, 0.25, k=5), "temporal")
    assert "of 100 top-7 lists" in headline(metrics(0.5, 0.25, k=7), "temporal")


def test_recall_stands_in_where_nobody_counted_hits() -> None:
    found = {name: {"recall@10": value} for name, value in (("braid", 0.3), ("popularity", 0.1))}
    assert "in 30 of 100 top-ten lists, popularity in 10." in headline(found, "temporal")


@pytest.mark.parametrize(
    ("shares", "out_of"),
    [
        ((0.11, 0.01), 100),
        ((0.11, 0.004), 1000),
        ((0.112, 0.114), 1000),
        ((0.11, 0.11), 100),
        ((0.5, 0.0), 100),
        ((0.0, 0.0), 100),
        ((0.0004, 0.0002), 10_000),
    ],
)
def test_lists_are_counted_in_numbers_that_tell_two_shares_apart(shares: tuple[float, ...], out_of: int) -> None:
    assert denominator(*shares) == out_of


def said(report: EvaluationReport) -> str:
    return "\n".join(key_points(report))


def test_what_follows_is_said_with_how_sure_it_is(make_report: MakeReport) -> None:
    text = said(make_report())
    for sentence in (
        "Measured on 321 users. With others of the same kind it would be between 40 and 43 of 100 (95 % certain).",
        "That is 6.2 times as often as lists of what is popular: more than chance explains.",
        "The best part alone (item_knn: items that share many users with those of the user) finds it in 32 of 100: ",
        "together the parts find more.",
        "Users of whom nothing is known: 50 of 100 (33 users).",
        "The lists of all test users together show 50 % of the catalogue.",
    ):
        assert sentence in text
    assert "ran out" not in text


def changed(report: EvaluationReport, **hit_rates: float) -> dict[str, Any]:
    """Return the metrics and intervals of a report with other shares of lists that hold something."""
    values = {name: {**report.metrics[name], "hit_rate@10": share} for name, share in hit_rates.items()}
    ends = {
        name: {**report.intervals[name], "hit_rate@10": (share - 0.01, share + 0.01)}
        for name, share in hit_rates.items()
    }
    return {"metrics": {**report.metrics, **values}, "intervals": {**report.intervals, **ends}}


def test_a_blend_that_is_not_better_is_not_praised(make_report: MakeReport) -> None:
    report = make_report()
    alike = said(make_report(**changed(report, braid=0.1, popularity=0.1)))
    assert "find as much" in alike
    worse = said(make_report(**changed(report, braid=0.05, popularity=0.1)))
    assert "Lists of what is popular do better" in worse
    unsure = said(make_report(**changed(report, braid=0.105, popularity=0.095)))
    assert "that may be chance" in unsure


def test_a_search_that_was_cut_short_is_said(make_report: MakeReport) -> None:
    assert "ran out" in said(make_report(settings={**make_report().settings, "budget_spent": True}))


def test_requests_are_no_users(make_report: MakeReport) -> None:
    assert "Measured on 321 requests." in said(make_report(protocol="timeline"))


@pytest.mark.parametrize(("weight", "says"), [(0.0, "no say"), (0.5, "50 % of the score")])
def test_the_share_of_the_network_is_said(weight: float, says: str) -> None:
    assert says in network_share({"blend": {"network_weight": weight}})
