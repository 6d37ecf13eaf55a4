"""Descriptions compared field by field."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore
from models.recommenders.content import Content
from models.similar.config import SimilarConfig
from models.similar.field_terms import FieldTerms
from models.similar.similar_items import alike_by_content

PLAIN = SimilarConfig(damping=0.0, min_evidence=0.0)


def compared(rows: Sequence[Mapping[str, Any]], config: SimilarConfig = PLAIN) -> Content:
    table = pa.table({"item_id": [chr(ord("a") + place) for place in range(len(rows))]})
    for name in sorted({name for row in rows for name in row}):
        table = table.append_column(name, pa.array([row.get(name) for row in rows]))
    return alike_by_content(np.array([name.encode() for name in table["item_id"].to_pylist()]), table, config)


def alike(content: Content, item: int) -> dict[str, float]:
    codes, values = content.rows.row(item)
    return {chr(ord("a") + code): float(value) for code, value in zip(codes, values, strict=True)}


def test_likeness_is_the_weighted_mean_over_the_fields() -> None:
    rows = [
        {"title": "red hat", "categories": ["x"]},
        {"title": "red hat", "categories": ["y"]},
        {"title": "boot", "categories": ["x"]},
    ]
    config = PLAIN.model_copy(update={"categories": 3.0, "title": 1.0})
    assert alike(compared(rows, config), 0) == pytest.approx({"c": 0.75, "b": 0.25}, abs=1e-6)
    assert alike(compared(rows, config.model_copy(update={"title": 0.0})), 0) == pytest.approx({"c": 1.0})


def test_a_word_of_the_title_does_not_outweigh_the_genres() -> None:
    rows = [
        {"title": "Star Wars", "categories": ["scifi", "war"]},
        {"title": "Star Kid", "categories": ["children"]},
        {"title": "Return of the Jedi", "categories": ["scifi", "war"]},
        {"title": "Toy Story", "categories": ["children"]},
        {"title": "Philadelphia Story", "categories": ["comedy"]},
    ]
    content = compared(rows, SimilarConfig())
    assert list(alike(content, 0)) == ["c", "b"]
    assert next(iter(alike(content, 3))) == "b"


def test_rare_words_and_labels_count_more() -> None:
    rows = [{"categories": ["a", "b"]}, {"categories": ["a"]}, {"categories": ["b"]}, {"categories": ["b"]}]
    found = alike(compared(rows), 0)
    assert found["b"] > found["c"] == found["d"]


def test_an_item_of_which_a_year_alone_is_known_is_like_none() -> None:
    rows: list[dict[str, Any]] = [
        {"title": f"Film number{place}", "tags": ["1995"], "categories": ["g", f"h{place % 2}"]} for place in range(8)
    ]
    rows += [{"title": "U", "tags": ["1995"]}, {"title": "..."}, {"price": 5.0}]
    content = compared(rows, SimilarConfig())
    assert [alike(content, item) for item in (8, 9, 10)] == [{}, {}, {}]
    assert all("i" not in alike(content, item) for item in range(8))
    assert content.neighbours_of({"title": "U", "tags": ["1995"]})[0].tolist() == []


def test_where_every_item_has_one_label_one_label_is_enough() -> None:
    content = compared([{"categories": ["hats"]}, {"categories": ["hats"]}, {"categories": ["boots"]}], SimilarConfig())
    assert list(alike(content, 0)) == ["b"]


def test_damping_lowers_what_says_little_in_its_field() -> None:
    rows = [{"categories": ["a"]}, {"categories": ["a"]}, {"categories": ["b", "c"]}, {"categories": ["b", "c"]}]
    rows += [{"categories": ["a", "d"]}, {"categories": ["e", "f"]}]
    damped = compared(rows, PLAIN.model_copy(update={"damping": 1.0}))
    assert alike(compared(rows), 0)["b"] == pytest.approx(1.0)
    assert alike(damped, 0)["b"] < alike(damped, 2)["d"] < 1.0


def test_numbers_are_compared_where_words_are_known() -> None:
    rows = [{"title": "hat", "price": price} for price in (1.0, 1.0, 100.0)] + [{"title": "boot", "price": 50.0}]
    found = alike(compared(rows), 0)
    assert found["b"] > found["c"] > 0


@given(st.lists(st.fixed_dictionaries({}, optional={
    "title": st.sampled_from(["red hat", "hat", "blue", "…"]),
    "categories": st.lists(st.sampled_from("xyz"), max_size=3),
    "tags": st.lists(st.sampled_from("pq"), max_size=2),
    "price": st.floats(0, 100),
}), min_size=1, max_size=8))  # fmt: skip
def test_an_item_of_the_catalogue_is_as_alike_as_a_new_one_of_the_same_words(rows: list[dict[str, Any]]) -> None:
    content = compared(rows, SimilarConfig())
    assert content.rows.values.max(initial=0.0) <= 1.0 + 1e-5
    for code, row in enumerate(rows):
        codes, values = content.neighbours_of(row, itself=code)
        new = {int(item): float(value) for item, value in zip(codes, values, strict=True) if value > 1e-6}
        old = dict(zip(*(part.tolist() for part in content.rows.row(code)), strict=True))
        assert new == pytest.approx({item: value for item, value in old.items() if value > 1e-6}, abs=1e-5)


def test_without_a_catalogue_nothing_is_alike() -> None:
    terms, (rows, columns, values) = FieldTerms.fit(np.array([b"a"]), None, SimilarConfig())
    assert (len(rows), len(columns), len(values), len(terms.idf)) == (0, 0, 0, 0)
    assert terms.weighted((rows, columns, values), 1).nnz == 0


def test_what_is_stored_is_loaded_and_damage_is_refused(store: BundleStore) -> None:
    rows = [{"title": "red hat", "price": 1.0}, {"title": "red boot", "price": 2.0}]
    terms = compared(rows, SimilarConfig()).terms
    arrays = terms.arrays("similar_content")
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    loaded = FieldTerms.load(store.publish(manifest, arrays), "similar_content", SimilarConfig())
    for found, expected in zip(loaded.vector(rows[0]), terms.vector(rows[0]), strict=True):
        assert found.tolist() == expected.tolist()
    arrays["similar_content_term_fields"] = np.full(len(loaded.idf), 99, dtype=np.int8)
    bundle = store.publish(manifest.model_copy(update={"version": "v2"}), arrays)
    with pytest.raises(BundleError, match="similar_content"):
        FieldTerms.load(bundle, "similar_content", SimilarConfig())
