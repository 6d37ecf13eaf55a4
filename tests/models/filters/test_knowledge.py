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
from models.filters.matching import available
from models.filters.preferences import Preference, Preferences
from models.filters.requirements import Filter, Requirements

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


def preferences_of(*given_preferences: dict[str, Any]) -> tuple[Preference, ...]:
    return tuple(WISHES.validate_python(list(given_preferences)))


VEGAN = {"field": "tags", "value": "vegan", "weight": 2}
AROUND_100 = {"field": "price", "target": 100, "tolerance": 20}


def test_a_value_is_met_wholly_or_not_at_all(knowledge: Knowledge) -> None:
    (preference,) = preferences_of(VEGAN)
    assert knowledge.satisfaction(preference).tolist() == [0.0, 1.0, 0.0, 1.0, 1.0]
    assert knowledge.satisfaction(preference).dtype == np.float32
    (by_id,) = preferences_of({"field": "item_id", "value": "pump"})
    assert knowledge.satisfaction(by_id).tolist() == [0.0, 0.0, 1.0, 0.0, 0.0]


def test_a_number_is_met_by_half_at_the_tolerance_and_less_beyond(knowledge: Knowledge) -> None:
    (preference,) = preferences_of(AROUND_100)
    assert knowledge.satisfaction(preference).tolist() == pytest.approx([0.5, 2**-6.25, 0.5, 0.0, 1.0])


def test_of_several_numbers_the_closest_counts(knowledge: Knowledge) -> None:
    (preference,) = preferences_of({"field": "attributes.heel", "target": 8, "tolerance": 1})
    assert knowledge.satisfaction(preference).tolist() == pytest.approx([0.0, 0.5, 1.0, 0.0, 0.0], abs=1e-6)


def test_without_a_tolerance_it_is_a_share_of_the_target(knowledge: Knowledge) -> None:
    (preference,) = preferences_of({"field": "price", "target": 100})
    assert knowledge.satisfaction(preference)[0] == 0.5
    wider = Knowledge(KnowledgeConfig(tolerance=0.5), knowledge.item_ids, knowledge.index)
    assert wider.satisfaction(preference)[1] == 0.5


@pytest.mark.parametrize("target", [5e-324, 1.7e308, -1.7e308])
def test_extreme_targets_leave_scores_finite(knowledge: Knowledge, target: float) -> None:
    (plain, narrow) = preferences_of(
        {"field": "price", "target": target}, {**AROUND_100, "target": target, "tolerance": 5e-324}
    )
    for preference in (plain, narrow):
        assert knowledge.satisfaction(preference).tolist() == pytest.approx([0.0] * 5, abs=1e-7)


def test_the_score_is_the_mean_by_weight(knowledge: Knowledge) -> None:
    scores = knowledge.score(preferences_of(VEGAN, AROUND_100))
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
    asked = preferences_of(*given_preferences)
    satisfied = np.stack([knowledge.satisfaction(preference) for preference in asked])
    scores = knowledge.score(asked)
    assert (scores >= satisfied.min(axis=0) - 1e-6).all()
    assert (scores <= satisfied.max(axis=0) + 1e-6).all()


def test_what_is_hidden_or_not_available_is_not_shown(knowledge: Knowledge) -> None:
    def shown(now: float) -> list[str]:
        mask = available(len(knowledge.item_ids), knowledge.index, now)
        return [item_id.decode() for item_id in knowledge.item_ids[mask]]

    assert shown(NOW - 1) == ["boot", "clog", "sock"]
    assert shown(NOW) == ["boot", "sock", "trainer"]
    assert shown(2000.0) == ["boot", "pump", "sock"]
    hidden = Knowledge.fit(SHOES.set_column(4, "hidden", pa.array([True] * 4 + [False])), KnowledgeConfig())
    assert available(5, hidden.index, NOW).tolist() == [False] * 4 + [True]


def test_fields_that_no_item_has_are_named(knowledge: Knowledge) -> None:
    tree = {"or": [{"not": {"field": "attributes.color", "eq": "red"}}, {"and": [{"field": "item_id", "eq": "x"}]}]}
    asked = preferences_of({"field": "categories", "value": "x"}, {"field": "attributes.brand", "value": "Fell"})
    assert knowledge.unknown_fields(TREES.validate_python(tree), asked) == ["attributes.color", "categories"]
    assert knowledge.unknown_fields(None) == []


def test_only_the_attributes_of_most_items_are_kept() -> None:
    few = Knowledge.fit(SHOES, KnowledgeConfig(max_attributes=1))
    assert few.unknown_fields(None, preferences_of({"field": "attributes.brand", "value": "Fell"}, AROUND_100)) == [
        "attributes.brand"
    ]
    assert few.satisfaction(preferences_of({"field": "attributes.heel", "target": 8})[0])[2] == 1.0


def test_the_codes_of_others_can_be_shared() -> None:
    ids = np.array([b"anything", b"pump", b"trainer"])
    shared = Knowledge.fit(SHOES, KnowledgeConfig(), ids)
    assert shared.mask(TREES.validate_python({"field": "price", "gte": 0})).tolist() == [False, True, True]


@pytest.mark.parametrize("catalogue", [None, SHOES.slice(0, 0)])
def test_an_empty_catalogue_gives_nothing(catalogue: pa.Table | None) -> None:
    nothing = Knowledge.fit(catalogue, KnowledgeConfig())
    assert len(nothing.mask(TREES.validate_python({"field": "price", "lte": 3}))) == 0
    assert len(nothing.score(preferences_of(VEGAN, AROUND_100))) == 0


def manifest() -> Manifest:
    return Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")


def arrays_of(knowledge: Knowledge) -> dict[str, Any]:
    return {"item_ids": knowledge.item_ids, **knowledge.arrays()}


def test_a_bundle_gives_back_the_same(knowledge: Knowledge, store: BundleStore) -> None:
    loaded = Knowledge.load(store.publish(manifest(), arrays_of(knowledge)), knowledge.config)
    asked, leather = preferences_of(VEGAN, AROUND_100), TREES.validate_python({"field": "tags", "eq": "leather"})
    assert loaded.score(asked).tolist() == knowledge.score(asked).tolist()
    assert loaded.mask(leather).tolist() == knowledge.mask(leather).tolist() == [True, False, True, False, False]
    assert available(5, loaded.index, NOW).tolist() == available(5, knowledge.index, NOW).tolist()


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
