from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.arrays.vocabulary import Vocabulary
from models.bundle.errors import BundleError
from models.bundle.manifest import Manifest
from models.bundle.store import BundleStore

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4))


@given(TEXTS, TEXTS)
def test_every_term_is_found_at_its_place_and_no_other(terms: Sequence[str], others: Sequence[str]) -> None:
    vocabulary = Vocabulary.of(terms)
    ordered = sorted(set(terms), key=str.encode)
    assert [vocabulary[code] for code in range(len(vocabulary))] == ordered
    expected = [ordered.index(term) if term in ordered else -1 for term in [*others, *terms]]
    assert vocabulary.find([*others, *terms]).tolist() == expected


def test_a_code_that_has_no_term_is_refused() -> None:
    with pytest.raises(IndexError):
        Vocabulary.of(["a"])[1]


def test_a_bundle_gives_it_back(store: BundleStore) -> None:
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    vocabulary = Vocabulary.of(["tea", "a", "größe", ""])
    loaded = Vocabulary.load(store.publish(manifest, vocabulary.arrays("words")), "words")
    assert loaded.find(["größe", "te", "", "tea"]).tolist() == [2, -1, 0, 3]


@pytest.mark.parametrize("offsets", [[], [0, 2], [1, 3], [0, 2, 1, 3]])
def test_offsets_that_do_not_fit_the_text_are_refused(store: BundleStore, offsets: list[int]) -> None:
    manifest = Manifest(version="v1", data={}, settings={}, metrics={}, protocol="random")
    arrays: dict[str, npt.NDArray[Any]] = {
        "words_text": np.zeros(3, dtype=np.uint8),
        "words_offsets": np.array(offsets, dtype=np.int64),
    }
    bundle = store.publish(manifest, arrays)
    with pytest.raises(BundleError, match="words_offsets"):
        Vocabulary.load(bundle, "words")
