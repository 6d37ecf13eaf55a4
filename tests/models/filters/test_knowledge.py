import time
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.filters.requirements import Filter, Preference, Preferences, Requirements

NOW = 1000.0
SHOES = pa.table(
    {
        "item_id": ["boot", "clog", "pump", "sock", "trainer"],
        "tags": [["leather"], ["wood", "vegan"], ["leather"], ["vegan"], ["vegan", "light"]],
        "price": [120.0, 50.0, 80.0, None, 100.0],
        "attributes": ['{"brand": "Fell"}', '{"heel": [3, 9]}', '{"heel": 8, "brand": "Ado"}', "{}", '{"heel": 1}'],
        "hidden": [False, False, False, False, None],
        "available_from": [None, None, 2000.0, None, NOW],
        "available_until": [None, NOW, None, None, 2000.0],
    }
)
"""Codes 0 to 4; at NOW the clog is gone and the pump has yet to come."""
WISHES: TypeAdapter[Any] = TypeAdapter(Preferences)
TREES: TypeAdapter[Filter] = TypeAdapter(Requirements)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge.fit(SHOES, KnowledgeConfig())


def wishes(*given_preferences: dict[str, Any]) -> tuple[Preference, ...]:
    return tuple(WISHES.validate_python(list(given_preferences)))


VEGAN = {"field": "tags", "value": "vegan", "weight": 2}
AROUND_100 = {"field": "price", "target": 100, "tolerance": 20}


def test_a_value_is_met_wholly_or_not_at_all(knowledge: Knowledge) -> None:
    (preference,) = wishes(VEGAN)
    assert knowledge.satisfaction(preference).tolist() == [0.0, 1.0, 0.0, 1.0, 1.0]
    assert knowledge.satisfaction(preference).dtype == np.float32
    (by_id,) = wishes({"field": "item_id", "value": "pump"})
    assert knowledge.satisfaction(by_id).tolist() == [0.0, 0.0, 1.0, 0.0, 0.0]


def test_a_number_is_met_by_half_at_the_tolerance_and_less_beyond(knowledge: Knowledge) -> None:
    (preference,) = wishes(AROUND_100)
    assert knowledge.satisfaction(preference).tolist() == pytest.approx([0.5, 2**-6.25, 0.5, 0.0, 1.0])


def test_of_several_numbers_the_closest_counts(knowledge: Knowledge) -> None:
    (preference,) = wishes({"field": "attributes.heel", "target": 8, "tolerance": 1})
    assert knowledge.satisfaction(preference).tolist() == pytest.approx([0.0, 0.5, 1.0, 0.0, 0.0], abs=1e-6)


def test_without_a_tolerance_it_is_a_share_of_the_target(knowledge: Knowledge) -> None:
    (preference,) = wishes({"field": "price", "target": 100})
    assert knowledge.satisfaction(preference)[0] == 0.5
    wider = Knowledge(KnowledgeConfig(tolerance=0.5), knowledge.item_ids, knowledge.index)
    assert wider.satisfaction(preference)[1] == 0.5


@pytest.mark.parametrize("target", [5e-324, 1.7e308, -1.7e308])
def test_extreme_targets_leave_scores_finite(knowledge: Knowledge, target: float) -> None:
    (plain, narrow) = wishes(
        {"field": "price", "target": target}, {**AROUND_100, "target": target, "tolerance": 5e-324}
    )
    for preference in (plain, narrow):
        assert knowledge.satisfaction(preference).tolist() == pytest.approx([0.0] * 5, abs=1e-7)


def test_the_score_is_the_mean_by_weight(knowledge: Knowledge) -> None:
    scores = knowledge.score(wishes(VEGAN, AROUND_100))
    assert scores.tolist() == pytest.approx([0.5 / 3, (2 + 2**-6.25) / 3, 0.5 / 3, 2 / 3, 1.0])
    assert scores.dtype == np.float32
    assert knowledge.score(()).tolist() == [1.0] * 5


prefs = st.one_of(
    st.fixed_dictionaries({"field": st.just("tags"), "value": st.sampled_from(["vegan", "leather", "none"])}),
    st.fixed_dictionaries({"field": st.just("price"), "target": st.floats(1, 1e6)}),
    st.fixed_dictionaries(
        {"field": st.just("attributes.heel"), "target": st.floats(1, 9), "weight": st.floats(0.01, 9)}
    ),
)


@given(st.lists(prefs, min_size=1, max_size=5))
def test_scores_lie_between_none_and_all_satisfied(given_preferences: list[dict[str, Any]]) -> None:
    knowledge = Knowledge.fit(SHOES, KnowledgeConfig())
    asked = wishes(*given_preferences)
    satisfied = np.stack([knowledge.satisfaction(preference) for preference in asked])
    scores = knowledge.score(asked)
    assert (scores >= satisfied.min(axis=0) - 1e-6).all()
    assert (scores <= satisfied.max(axis=0) + 1e-6).all()


def test_the_best_come_first_with_what_they_meet(knowledge: Knowledge) -> None:
    asked = wishes(VEGAN, AROUND_100)
    found = knowledge.recommend(None, asked, 10, now=NOW)
    assert [one.item_id for one in found] == ["trainer", "sock", "boot"]
    assert [one.score for one in found] == pytest.approx([1.0, 2 / 3, 0.5 / 3])
    assert [one.satisfactions for one in found] == [(1.0, 1.0), (1.0, 0.0), (0.0, 0.5)]
    assert [one.met for one in found] == [asked, asked[:1], asked[1:]]


def test_requirements_exclusions_and_the_limit_hold(knowledge: Knowledge) -> None:
    leather = TREES.validate_python({"field": "tags", "eq": "leather"})
    assert [one.item_id for one in knowledge.recommend(leather, (), 10, now=NOW)] == ["boot"]
    assert knowledge.recommend(leather, (), 10, ["boot", "unheard-of"], now=NOW) == []
    assert [one.item_id for one in knowledge.recommend(None, wishes(VEGAN), 1, now=NOW)] == ["sock"]
    assert knowledge.recommend(None, wishes(VEGAN), 0, now=NOW) == []


def test_what_is_hidden_or_not_available_is_left_out(knowledge: Knowledge) -> None:
    def shown(now: float | None) -> list[str]:
        return [one.item_id for one in knowledge.recommend(None, (), 10, now=now)]

    assert shown(NOW - 1) == ["boot", "clog", "sock"]
    assert shown(NOW) == ["boot", "sock", "trainer"]
    assert shown(2000.0) == ["boot", "pump", "sock"]
    assert shown(None) == shown(time.time())
    hidden = SHOES.set_column(4, "hidden", pa.array([True] * 4 + [False]))
    assert [one.item_id for one in Knowledge.fit(hidden, KnowledgeConfig()).recommend(None, (), 9, now=NOW)] == [
        "trainer"
    ]


@given(st.lists(st.sampled_from([0.0, 1.0, 2.0]), min_size=5, max_size=5), st.integers(0, 6))
def test_equal_scores_are_ordered_by_what_came_before_then_by_id(prior: list[float], limit: int) -> None:
    knowledge = Knowledge.fit(SHOES.drop_columns(["available_from", "available_until"]), KnowledgeConfig())
    found = knowledge.recommend(None, wishes(VEGAN), limit, prior=np.array(prior, dtype=np.float32))
    ids = SHOES["item_id"].to_pylist()
    vegan = [0, 1, 0, 1, 1]
    expected = sorted(range(5), key=lambda code: (-vegan[code], -prior[code], code))[:limit]
    assert [one.item_id for one in found] == [ids[code] for code in expected]


def test_fields_that_no_item_has_are_named(knowledge: Knowledge) -> None:
    tree = {"or": [{"not": {"field": "attributes.color", "eq": "red"}}, {"and": [{"field": "item_id", "eq": "x"}]}]}
    asked = wishes({"field": "categories", "value": "x"}, {"field": "attributes.brand", "value": "Fell"})
    assert knowledge.unknown_fields(TREES.validate_python(tree), asked) == ["attributes.color", "categories"]
    assert knowledge.unknown_fields(None) == []


def test_only_the_attributes_of_most_items_are_kept() -> None:
    few = Knowledge.fit(SHOES, KnowledgeConfig(max_attributes=1))
    assert few.unknown_fields(None, wishes({"field": "attributes.brand", "value": "Fell"}, AROUND_100)) == [
        "attributes.brand"
    ]
    assert few.satisfaction(wishes({"field": "attributes.heel", "target": 8})[0])[2] == 1.0


def test_the_codes_of_others_can_be_shared() -> None:
    ids = np.array([b"anything", b"pump", b"trainer"])
    shared = Knowledge.fit(SHOES, KnowledgeConfig(), ids)
    assert shared.mask(TREES.validate_python({"field": "price", "gte": 0})).tolist() == [False, True, True]


@pytest.mark.parametrize("catalogue", [None, SHOES.slice(0, 0)])
def test_an_empty_catalogue_gives_nothing(catalogue: pa.Table | None) -> None:
    nothing = Knowledge.fit(catalogue, KnowledgeConfig())
    assert nothing.recommend(TREES.validate_python({"field": "price", "lte": 3}), wishes(VEGAN, AROUND_100), 5) == []
    assert nothing.relaxations(TREES.validate_python({"field": "price", "lte": 3})) == []


def manifest() -> Manifest:
    return Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")


def arrays_of(knowledge: Knowledge) -> dict[str, Any]:
    return {"item_ids": knowledge.item_ids, **knowledge.arrays()}


def test_a_bundle_gives_back_the_same(knowledge: Knowledge, store: BundleStore) -> None:
    loaded = Knowledge.load(store.publish(manifest(), arrays_of(knowledge)), knowledge.config)
    asked = wishes(VEGAN, AROUND_100)
    assert loaded.recommend(None, asked, 10, now=NOW) == knowledge.recommend(None, asked, 10, now=NOW)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("item_ids", lambda ids: ids[:-1]),
        ("knowledge_label_items", lambda items: items - 9),
        ("knowledge_label_offsets", lambda offsets: offsets[:-1]),
        ("knowledge_numbers", lambda numbers: numbers[:-1]),
        ("knowledge_number_items", lambda items: items[:-1]),
        ("knowledge_number_offsets", lambda offsets: np.append(offsets, offsets[-1])),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(
    knowledge: Knowledge, store: BundleStore, name: str, change: Any
) -> None:
    arrays = arrays_of(knowledge)
    bundle = store.publish(manifest(), arrays | {name: change(arrays[name])})
    with pytest.raises(BundleError):
        Knowledge.load(bundle, knowledge.config)
