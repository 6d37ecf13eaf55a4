"""A recommender is added by one module and one entry; nothing else is told of it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from models.bundle.loader import Bundle
from models.ranking.features import FEATURES
from models.ranking.ranker import Ranker
from models.recommenders.recommender import ItemMatrix
from models.recommenders.registry import RECOMMENDERS, entry_of, too_large
from tests.conftest import MakeOnce
from tests.models.conftest import Recommend

REPOSITORY = Path(__file__).resolve().parents[3]
PROGRAM = "tests.models.recommenders.added_recommender"
ITEMS = ["i01", "i07", "i30"]


@pytest.fixture(scope="module")
def added(trained: Bundle, once: MakeOnce) -> dict[str, Any]:
    """What a process found whose registry has one more entry."""

    def fill(draft: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", PROGRAM, str(trained.folder), str(draft / "bundles"), *ITEMS],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (draft / "facts.json").write_text(done.stdout)

    facts: dict[str, Any] = json.loads((once("added-recommender", fill) / "facts.json").read_bytes())
    return facts


def test_it_has_settings_a_weight_and_features(added: dict[str, Any]) -> None:
    assert set(added["settings"]["pairs"]) == {"neighbours", "recency_decay"}
    assert added["settings"]["blend"]["pairs"] >= 0
    assert {"pairs_score", "pairs_rank", "pairs_last_relative"} == set(added["features"]) - set(FEATURES) - {
        "pairs_relative", "pairs_last_score", "pairs_last_rank",
    }  # fmt: skip
    assert [name for name in added["features"] if not name.startswith("pairs")] == list(FEATURES)


def test_it_is_tuned_and_measured(added: dict[str, Any]) -> None:
    assert "pairs" in added["alone"]
    assert {"pairs.neighbours", "blend.pairs"} <= set(added["trials"])
    assert added["settings"]["pairs"]["neighbours"] in {5, 20}
    assert "pairs" in added["measured"]


def test_it_is_stored_loaded_and_serves(added: dict[str, Any]) -> None:
    assert {"pairs_indptr", "pairs_indices", "pairs_values"} <= set(added["arrays"])
    assert added["best"] == added["most_users"]
    assert added["reason"] == ["pairs", [[added["history"], 1.0]]]


def test_a_bundle_from_before_serves_the_same_list(
    added: dict[str, Any], trained: Bundle, recommend: Recommend
) -> None:
    before = recommend(Ranker.load(trained), ITEMS, exclude=ITEMS, limit=100)
    assert trained.manifest.settings["blend"]["network_weight"] > 0
    assert [item for item, _ in added["earlier"]] == [item for item, _ in before]
    assert [score for _, score in added["earlier"]] == pytest.approx([score for _, score in before])


def test_a_network_from_before_is_not_kept_by_a_refresh(added: dict[str, Any]) -> None:
    assert added["keeps_earlier_network"]
    assert added["keeps_own_network"] == (added["settings"]["blend"]["network_weight"] > 0)


@pytest.mark.parametrize("entry", RECOMMENDERS, ids=lambda entry: entry.name)
def test_an_entry_names_settings_that_there_are(entry: Any) -> None:
    names = {*entry.unordered, *(one.name for one in (*entry.choices, *entry.searched))}
    assert names <= set(entry.config.model_fields)
    assert set(entry.parts) <= set(entry.recommender.signals)
    assert all(entry_of(part) is entry for part in entry.parts)
    assert not entry.explains_network or (entry.kept and issubclass(entry.recommender, ItemMatrix))
    for choice in entry.choices:
        for value in choice.values:
            entry.config(**{choice.name: value})


def test_items_with_interactions_decide_which_parts_are_fitted() -> None:
    every = [part for entry in RECOMMENDERS for part in entry.parts]
    assert too_large(every, 10_000, 10_000) == {}
    assert too_large(every, 10_000, 200_000) == {}
    assert too_large(every, 10_001, 20_000) == {"ease": "10,001 items have interactions, more than 10,000"}
    # Items without interactions do not count, up to the number whose factors would take too much memory.
    assert too_large(every, 40_000, 55_000).keys() == {"ease"}
    assert too_large(every, 50_001, 50_001).keys() == {"ease", "als", "spectral"}
    assert too_large(every, 9_000, 200_001) == {"als": "the catalogue has 200,001 items, more than 200,000"}
    assert too_large(["item_knn", "als"], 50_001, 50_001).keys() == {"als"}
