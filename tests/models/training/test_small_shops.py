"""Logs too small to split: a bundle of what can be known, and what it says of itself."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from models.bundle.loader import Bundle
from models.bundle.manifest import REPORT_FILE
from models.bundle.store import BundleStore
from models.data.errors import DataSetError
from models.data.folder import DataSet
from models.data.folder_reader import read_folder
from models.data.progress import silent
from models.data.synthetic import generate
from models.ranking import popular_lists
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.network_config import NetworkConfig
from models.ranking.ranker import Ranker
from models.training.recipe import Recipe
from models.training.trainer import train
from tests.app.cli.cases.shop import FILES
from tests.models.conftest import Recommend

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
QUICK = Recipe(network=NetworkConfig(members=1, epochs=2), budget=1e-3)
"""The budget is spent at once: a network is trained where that can be, and no settings are searched."""
CATALOGUE = pa.table(
    {"item_id": [f"i{item}" for item in range(12)], "categories": [[f"kind {item % 3}"] for item in range(12)]}
)


@pytest.fixture
def publish(store: BundleStore) -> Callable[..., Bundle]:
    def run(interactions: pa.Table, items: pa.Table | None = None) -> Bundle:
        return train(DataSet(interactions, items=items), store, recipe=QUICK, progress=silent)

    return run


def outcomes(bundle: Bundle) -> dict[str, str]:
    assert bundle.manifest.gate is not None
    return {check.name: check.outcome for check in bundle.manifest.gate.checks}


def passed(bundle: Bundle) -> bool:
    return "failed" not in outcomes(bundle).values()


@pytest.fixture
def one_each(table: MakeTable) -> pa.Table:
    """Three hundred users with one interaction each; item 3 is the most popular."""
    return table([(f"u{user}", f"i{3 if user % 4 == 0 else user % 10}", 1.77e9 + user) for user in range(300)])


def test_users_with_one_interaction_each_get_popular_items_and_similar_ones(
    publish: Callable[..., Bundle], one_each: pa.Table, recommend: Recommend
) -> None:
    bundle = publish(one_each, CATALOGUE)
    assert passed(bundle)
    ranker = Ranker.load(bundle)
    # By its description item 1 is like 4, 7 and 10; nobody has two items.
    assert {item for item, _ in recommend(ranker, ["i1"], limit=3, exclude=["i1"])} == {"i4", "i7", "i10"}
    popular, _ = popular_lists.popular(ranker, CandidateQuery(), 1)
    assert ranker.item_ids[popular].tolist() == [b"i3"]
    assert len(recommend(ranker, ["i1"], limit=12, exclude=["i1"])) == 11


def test_the_bundle_says_what_is_left_out_and_why(publish: Callable[..., Bundle], one_each: pa.Table) -> None:
    found = publish(one_each).manifest
    assert (found.protocol, found.metrics["test"], found.metrics["validation"]) == ("none", {}, {})
    assert "(300 interactions of 300 users)" in found.metrics["unmeasured"]
    left_out: dict[str, str] = found.metrics["left_out"]
    assert left_out["item_knn"] == "no two items share a user"
    assert left_out["content"].startswith("no two items of the catalogue")
    assert {"successor", "network", "als"} <= left_out.keys()
    assert "popularity" not in left_out
    assert not {part for part in left_out if found.settings["blend"].get(part, 0.0) > 0}
    assert found.settings["blend"]["network_weight"] == 0.0


def test_the_report_says_it_too(publish: Callable[..., Bundle], one_each: pa.Table) -> None:
    page = publish(one_each).file(REPORT_FILE).read_text(encoding="utf-8")
    assert "Nothing was measured: interactions: too few" in page
    assert "no two items share a user" in page


@pytest.mark.parametrize("lengths", [[1], [2, 2, 2], [3, 3], [1, 1, 1, 1, 1, 1], [6]])
def test_a_first_bundle_of_a_few_rows_passes(
    publish: Callable[..., Bundle], table: MakeTable, lengths: list[int], recommend: Recommend
) -> None:
    rows: list[Row] = [(f"u{user}", f"i{user + at}", float(at)) for user, n in enumerate(lengths) for at in range(n)]
    bundle = publish(table(rows), CATALOGUE)
    assert passed(bundle)
    assert recommend(Ranker.load(bundle), ["i0"], limit=3, exclude=["i0"])


def test_two_users_for_each_item_of_a_catalogue_of_five(publish: Callable[..., Bundle], table: MakeTable) -> None:
    rows: list[Row] = [(f"u{user}", f"i{(user // 5 + at) % 5}", float(user)) for user in range(25) for at in range(2)]
    bundle = publish(table(rows))
    assert passed(bundle)
    assert bundle.manifest.settings["blend"]["item_knn"] > 0
    assert "item_knn" not in bundle.manifest.metrics["left_out"]


@pytest.mark.parametrize(
    ("name", "protocol"), [("one_interaction_each", "none"), ("two_each_catalogue_of_5", "timeline")]
)
def test_the_files_of_two_new_shops_make_a_bundle_that_answers(
    publish: Callable[..., Bundle], tmp_path: Path, recommend: Recommend, name: str, protocol: str
) -> None:
    shutil.copy(FILES / f"{name}.csv", tmp_path / "interactions.csv")
    interactions = read_folder(tmp_path).interactions
    bundle = publish(interactions)
    assert passed(bundle), outcomes(bundle)
    ranker = Ranker.load(bundle)
    items = set(interactions["item_id"].unique().to_pylist())
    assert {item for item, _ in recommend(ranker, [], limit=len(items))} == items
    assert bundle.manifest.protocol == protocol


def test_small_bundles_follow_one_another(publish: Callable[..., Bundle], store: BundleStore, table: MakeTable) -> None:
    rows: list[Row] = [(f"u{user}", f"i{(user * at) % 7}", float(at)) for user in range(6) for at in range(4)]
    for count in (6, 8, 24, 7):
        bundle = publish(table(rows[:count]), CATALOGUE)
        assert passed(bundle), outcomes(bundle)
        store.activate(bundle.version)


def test_a_log_that_shrank_does_not_replace_a_bundle_that_was_measured(store: BundleStore) -> None:
    log = generate(240, 40, 2400, seed=3, groups=3)
    quick: dict[str, Any] = {"recipe": Recipe(budget=0.0), "progress": silent}
    store.activate(train(log, store, **quick).version)
    bundle = train(replace(log, interactions=log.interactions.slice(0, 3)), store, **quick)
    assert outcomes(bundle)["own_validation"] == "failed"


def test_an_empty_log_is_refused_with_its_reason(publish: Callable[..., Bundle], table: MakeTable) -> None:
    with pytest.raises(DataSetError, match="no usable row"):
        publish(table([("", "i1", 1.0)]), CATALOGUE)
