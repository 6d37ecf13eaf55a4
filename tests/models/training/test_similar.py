"""The evaluation of similar items, on a shop whose groups are its tastes."""

import dataclasses

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from models.data.errors import TooFewInteractionsError
from models.data.folder import DataSet
from models.data.interactions import Interactions
from models.data.liked_pairs import LikedPairs
from models.data.progress import silent
from models.evaluation.similar_lists import SimilarReport
from models.ranking.network_config import NetworkConfig
from models.training.evaluation_config import EvaluationConfig
from models.training.similar import evaluate_similar, without_hidden


@pytest.fixture(scope="module")
def report(synthetic: DataSet, few_epochs: NetworkConfig) -> SimilarReport:
    config = EvaluationConfig(seed=1, budget=0.0, network=few_epochs)
    assert synthetic.items is not None
    title = synthetic.items["title"][0].as_py()
    return evaluate_similar(synthetic, config, examples=(title, "no such title"), progress=silent)


def test_every_method_beats_random_items(report: SimilarReport) -> None:
    chance = report.methods["random"]
    for name in ("recommended", "item_knn", "content", "blend", "successor"):
        assert report.methods[name]["recall@10"] > chance["recall@10"]
        assert report.methods[name]["overlap"] > chance["overlap"]
    assert report.methods["viewed_together"]["coverage"] > 0
    assert "bought_together" not in report.methods
    assert report.intervals.keys() == report.methods.keys()


def test_it_says_on_what_it_was_measured(report: SimilarReport) -> None:
    assert 0 < report.counts["lists"] <= report.counts["pairs"]
    assert report.settings["neighbours"] == 200
    assert len(report.examples) == 1
    (lists,) = report.examples.values()
    assert lists.keys() == report.methods.keys()
    assert len(lists["blend"]) == 10


def test_the_fit_knows_nothing_of_a_hidden_pair() -> None:
    rows = [("u", item, 1.7e9 + place) for place, item in enumerate("abcab")] + [("v", "b", 1.7e9), (None, "a", 1.7e9)]
    table = pa.table({name: [row[at] for row in rows] for at, name in enumerate(("user_id", "item_id", "timestamp"))})
    everything = Interactions.from_table(table.filter(pc.is_valid(table["user_id"])))
    pairs = LikedPairs.hold_out(everything, share=1.0)
    assert len(pairs) == 1
    (second,) = everything.item_ids[pairs.second].tolist()
    left = without_hidden(table, everything, pairs)
    of_user = left.filter(pc.equal(left["user_id"], "u"))["item_id"].to_pylist()
    assert second.decode() not in of_user
    # Every repetition goes, and what others did stays; a row without a user is for cleaning to drop.
    assert left.num_rows == table.num_rows - [row[1] for row in rows[:5]].count(second.decode())


def test_without_two_items_of_a_user_there_is_nothing_to_hold_out() -> None:
    table = pa.table({"user_id": ["u", "v"], "item_id": ["a", "b"], "timestamp": [1.7e9, 1.7e9]})
    with pytest.raises(TooFewInteractionsError, match="no pairs to hold out"):
        evaluate_similar(DataSet(interactions=table), EvaluationConfig(), progress=silent)


def test_a_log_that_is_too_small_to_split_is_measured_all_the_same() -> None:
    rows = [(f"u{user}", item, 1.7e9 + user * 86_400 + place) for user in range(4) for place, item in enumerate("abcd")]
    table = pa.table({name: [row[at] for row in rows] for at, name in enumerate(("user_id", "item_id", "timestamp"))})
    config = dataclasses.replace(EvaluationConfig(), budget=0.0)
    found = evaluate_similar(DataSet(interactions=table), config, progress=silent)
    assert found.counts["pairs"] > 0
    assert found.methods["item_knn"]["recall@10"] > 0
