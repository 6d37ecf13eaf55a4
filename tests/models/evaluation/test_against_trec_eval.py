"""The metrics beside those of another implementation: ir-measures, which asks trec_eval."""

from typing import Any

import ir_measures
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import AP, RR, R, Success, nDCG

from models.evaluation.metrics import per_user_values

KS = (1, 3, 5)
LENGTH, N_ITEMS = 5, 12
THEIRS = {"recall": R, "ndcg": nDCG, "hit_rate": Success, "mrr": RR, "map": AP}


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[list[int]], list[list[int]]]:
    users = draw(st.integers(1, 4))
    lists = st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=LENGTH, unique=True)
    wanted = st.lists(st.integers(0, N_ITEMS - 1), min_size=1, max_size=8, unique=True)
    some = {name: st.lists(one, min_size=users, max_size=users) for name, one in (("lists", lists), ("wanted", wanted))}
    return draw(some["lists"]), draw(some["wanted"])


def ours(ranked: list[list[int]], targets: list[list[int]]) -> dict[str, Any]:
    padded = np.array([items + [-1] * (LENGTH - len(items)) for items in ranked], dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum([len(items) for items in targets])]).astype(np.int64)
    return per_user_values(padded, offsets, np.array(sum(targets, []), dtype=np.int32), KS)  # noqa: RUF017


def theirs(ranked: list[list[int]], targets: list[list[int]]) -> dict[str, dict[int, float]]:
    wanted = {str(user): {str(item): 1 for item in items} for user, items in enumerate(targets)}
    run = {
        str(user): {str(item): float(LENGTH - place) for place, item in enumerate(items)}
        for user, items in enumerate(ranked)
    }
    names = {measure @ k: f"{name}@{k}" for name, measure in THEIRS.items() for k in KS}
    values: dict[str, dict[int, float]] = {name: {} for name in names.values()}
    for found in ir_measures.iter_calc(list(names), wanted, run):
        values[names[found.measure]][int(found.query_id)] = found.value
    return values


@settings(max_examples=60)
@given(cases())
def test_every_user_has_the_values_of_trec_eval(case: tuple[list[list[int]], list[list[int]]]) -> None:
    ranked, targets = case
    expected = theirs(ranked, targets)
    for name, values in ours(ranked, targets).items():
        metric, _, k = name.partition("@")
        for user, value in enumerate(values):
            other = expected[name][user]
            if metric == "map":
                # trec_eval divides by all targets, though no more than k of them fit into the list.
                other *= len(targets[user]) / min(int(k), len(targets[user]))
            assert value == pytest.approx(other, abs=1e-6), (name, user)


def test_map_differs_from_trec_eval_where_more_targets_than_places_are_wanted() -> None:
    ranked, targets = [[0, 1, 2]], [[0, 1, 2, 3, 4, 5]]
    assert ours(ranked, targets)["map@3"][0] == 1.0
    assert theirs(ranked, targets)["map@3"][0] == pytest.approx(0.5)
