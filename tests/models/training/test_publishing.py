from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from models.bundle.loader import Bundle
from models.bundle.store import BundleStore
from models.data.codes import find
from models.data.folder import DataSet
from models.data.history import History
from models.data.progress import silent
from models.data.synthetic import generate
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.filters.requirements import Filter
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import SIGNALS
from models.ranking.network import NetworkScorer
from models.ranking.network_config import NetworkConfig
from models.ranking.ranker import Ranker
from models.recommenders.content import Content, ContentConfig
from models.recommenders.registry import RECOMMENDERS
from models.recommenders.repeats import Repeats, RepeatsConfig
from models.recommenders.score_board import ScoreBoard
from models.training.evaluate import evaluate
from models.training.evaluation_config import EvaluationConfig
from models.training.learn import learn_network
from models.training.publishing import served_retriever
from models.training.recipe import Recipe
from models.training.trainer import publish as publish_run
from models.training.trainer import train
from tests.conftest import network_wanted

Publish = Callable[..., Bundle]
LOG = [(f"u{user}", f"i{(user + at) % 6}", float(at)) for user in range(6) for at in range(4)]
CATALOGUE = pa.table(
    {
        "item_id": ["i1", "", None, "brand-new", "i2", "i3"],
        "title": ["red shoe", "no id", "no id", "red shoe", "hat", "bag"],
        "categories": [["shoes"], [], [], ["shoes"], [], None],
    }
)


@pytest.fixture
def publish(store: BundleStore) -> Publish:
    def run(log: list[tuple[str, str, float]], items: pa.Table | None = None, **options: int) -> Bundle:
        names = ("user_id", "item_id", "timestamp")
        table = pa.table(dict(zip(names, map(list, zip(*log, strict=True)), strict=True)))
        return train(DataSet(table, items=items), store, recipe=Recipe(budget=0.0), progress=silent, **options)  # type: ignore[arg-type]

    return run


def test_items_without_interactions_are_in_the_bundle_with_their_content(publish: Publish) -> None:
    bundle = publish(LOG, CATALOGUE)
    item_ids = bundle.array("item_ids", "S")
    assert item_ids.tolist() == [b"brand-new", *(f"i{item}".encode() for item in range(6))]
    known, new = find(item_ids, ["i1", "brand-new"]).tolist()  # type: ignore[arg-type]
    assert bundle.array("popularity_counts", np.float32)[new] == 0.0
    content = Content.load(bundle, ContentConfig(**bundle.manifest.settings["content"]))
    with ScoreBoard(len(item_ids), SIGNALS) as board:
        content.score(History(np.array([known], dtype=np.int32)), board)
        assert board.items.tolist() == [new]
    history = History(np.zeros(1, dtype=np.int32))
    listed = Ranker.load(bundle).rank(history, CandidateQuery(limit=len(item_ids))).items
    assert sorted(listed.tolist()) == list(range(len(item_ids)))


def test_requirements_can_be_asked_of_every_item(publish: Publish) -> None:
    bundle = publish(LOG, CATALOGUE)
    knowledge = Knowledge.load(bundle, KnowledgeConfig())
    mask = knowledge.mask(Filter.model_validate({"field": "categories", "eq": "shoes"}))
    assert bundle.array("item_ids", "S")[mask].tolist() == [b"brand-new", b"i1"]


def test_what_requests_read_beside_the_blend_is_there_whatever_its_weight(publish: Publish) -> None:
    bundle = publish(LOG)
    for name in ("item_knn", "successor", "content", "content_holders", "user_knn", "user_knn_histories"):
        for part in ("indptr", "indices", "values"):
            assert f"{name}_{part}" in bundle.arrays
    assert {"content_idf", "popularity_counts", "popularity_recent", "knowledge_labels_text"} <= bundle.arrays.keys()
    blend = bundle.manifest.settings["blend"]
    for part, name in (("als", "als_factors"), ("ease", "ease_indptr"), ("spectral", "spectral_indptr")):
        assert (name in bundle.arrays) == (blend[part] > 0)


def test_repeats_are_measured_on_the_log_with_its_repeats(publish: Publish) -> None:
    again = [*LOG, *((f"u{user}", f"i{user}", 9.0) for user in range(4))]
    assert "repeats_rates" not in publish(LOG).arrays
    bundle = publish(again, CATALOGUE)
    repeats = Repeats.load(bundle, RepeatsConfig())
    assert repeats.fits(7, 6)
    new, had = find(bundle.array("item_ids", "S"), ["brand-new", "i2"]).tolist()  # type: ignore[arg-type]
    assert 0 < repeats.rates[new] < repeats.rates[had]
    assert bundle.array("popularity_counts", np.float32).sum() == len(LOG)


@pytest.mark.parametrize("moment", [None, 1_700_000_000_000_000])
def test_the_manifest_tells_from_when_the_catalogue_is(publish: Publish, moment: int | None) -> None:
    assert publish(LOG, catalogue_at=moment).manifest.data["catalogue_at"] == moment


@pytest.mark.parametrize("most", [6, 5])
def test_a_part_that_is_measured_is_published(publish: Publish, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """The validation and the test part hold fewer items than the bundle: the bundle decides."""
    log = [(f"u{user}", f"i{(user + at) % 5}", float(at)) for user in range(6) for at in range(4)]
    # Nobody but this user has the sixth item, last: training does not know it while settings are chosen.
    log += [("late", "i0", 0.0), ("late", "i1", 1.0), ("late", "i2", 2.0), ("late", "i5", 3.0)]
    limited = [replace(entry, max_used=most) if entry.name == "als" else entry for entry in RECOMMENDERS]
    monkeypatch.setattr("models.recommenders.registry.RECOMMENDERS", tuple(limited))
    bundle = publish(log, CATALOGUE)
    assert ("als" in bundle.manifest.metrics["test"]) == (most == 6)
    assert ("als_factors" in bundle.arrays) == (most == 6 and bundle.manifest.settings["blend"]["als"] > 0)


def test_the_window_for_newcomers_is_chosen_on_the_latest_ones(publish: Publish) -> None:
    day, start = 86_400.0, 1_700_000_000.0
    log = [(f"u{at % 40}", f"old{at // 40 % 10}", start + at % 100 * day + at * 60.0) for at in range(2000)]
    log += [(f"n{at}", f"new{at % 5}", start + (101 + at // 50) * day + at * 60.0) for at in range(500)]
    log += [(f"u{at % 40}", f"rare{at}", start + (90 + at // 10) * day + at * 60.0) for at in range(200)]
    assert publish(log).manifest.settings["popularity"]["newcomer_window"] is not None
    assert publish(log[:2000]).manifest.settings["popularity"]["newcomer_window"] is None


def test_a_network_of_a_timeline_is_trained_once_more_for_the_bundle(store: BundleStore, tmp_path: Path) -> None:
    log = generate(60, 25, 900, seed=5, groups=3)
    # Of a budget that is spent at once: a network is trained, and no settings are searched.
    recipe = Recipe(network=NetworkConfig(members=1, epochs=2), budget=1e-3)
    config = EvaluationConfig(
        protocol="timeline", network=recipe.network, budget=recipe.budget, with_validation=True, brief=True
    )
    with store.scratch() as folder, network_wanted():
        run = evaluate(log, folder, config, progress=silent)
        bundle = publish_run(run, store, recipe, None)
        served, learned = Ranker.load(bundle).network, run.learned.network
        assert learned is not None
        # The test of the run has a network of its own as well, with files of its own.
        first = NetworkScorer(run.learned.files[1], learned.scaler, learned.signals, context=learned.context)
    assert served is not None
    assert run.labels is not None
    retriever = served_retriever(run.learned.ranker.retriever)
    again = learn_network(run.everything, retriever, tmp_path, run.labels, recipe.network, seed=0, progress=silent)
    assert again is not None
    inputs = np.random.default_rng(0).normal(size=(20, len(served.scaler.mean))).astype(np.float32)
    assert served.raw(inputs).tolist() == again[0].raw(inputs).tolist() != learned.raw(inputs).tolist()
    assert first.raw(inputs).tolist() == learned.raw(inputs).tolist()
    assert served.scaler.mean.tolist() == again[0].scaler.mean.tolist()
