from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.data.folder import DataSet
from models.data.holdout import Holdout, Ragged
from models.data.interactions import Interactions
from models.data.progress import silent
from models.data.splitting import make_split
from models.evaluation.holdout_lists import rank_holdout
from models.evaluation.segments import measure_users
from models.ranking.config import RankingConfig
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.training.new_users import NewUsers, measure_new_users

Measure = Callable[[Holdout], NewUsers | None]


@pytest.fixture
def measure(checkerboard: Interactions) -> Measure:
    ranker = Ranker(Retriever.fit(checkerboard, RankingConfig()), None, checkerboard.item_ids, checkerboard.user_ids)

    def run(test: Holdout) -> NewUsers | None:
        values = measure_users(
            rank_holdout(ranker, ranker.retriever, test, 3, seed=0, progress=silent), test.targets, (1, 3)
        )
        options: dict[str, Any] = {"catalogue": None, "seed": 0, "progress": silent}
        return measure_new_users(ranker, checkerboard, test, values, (1, 3), **options)

    return run


def test_users_taken_out_of_the_data_are_served_by_their_history(
    measure: Measure, checkerboard: Interactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[Interactions] = []
    refitted = Retriever.refitted

    def spy(retriever: Retriever, interactions: Interactions, *rest: Any) -> Retriever:
        fitted.append(interactions)
        return refitted(retriever, interactions, *rest)

    monkeypatch.setattr(Retriever, "refitted", spy)
    test = Holdout(np.arange(12, dtype=np.int32), checkerboard, Ragged(np.arange(13), np.arange(12, dtype=np.int32)))
    found = measure(test)
    assert found is not None
    assert found["users"] == found["known"]["users"] == 2
    assert found["metrics"]["item_knn"]["recall@1"] == 1.0
    assert found["known"]["metrics"]["item_knn"]["recall@1"] == 1.0
    assert found["intervals"].keys() == found["metrics"].keys()
    gone = {int(user) for user in test.sample(2, 0).users}
    assert set(range(12)) - set(fitted[0].users.tolist()) == gone
    assert fitted[0].n_users == 12


def test_an_item_that_only_new_users_know_cannot_be_found_for_them(table: Callable[..., pa.Table]) -> None:
    """The user taken out is the only one who had both; without that row nothing leads from one to the other."""
    rows = [(f"u{user}", item, float(at)) for user in range(5) for at, item in enumerate((f"a{user}", f"b{user}"))]
    known = Interactions.from_table(table(rows))
    ranker = Ranker(Retriever.fit(known, RankingConfig()), None, known.item_ids, known.user_ids)
    first = known.select(known.items < 5)
    test = Holdout(np.arange(5, dtype=np.int32), first, Ragged(np.arange(6), np.arange(5, 10, dtype=np.int32)))
    values = measure_users(rank_holdout(ranker, ranker.retriever, test, 1, seed=0, progress=silent), test.targets, (1,))
    found = measure_new_users(ranker, known, test, values, (1,), catalogue=None, seed=0, progress=silent)
    assert found is not None
    assert found["known"]["metrics"]["item_knn"]["recall@1"] == 1.0
    assert found["metrics"]["braid"]["recall@1"] == 0.0


def test_a_test_of_few_users_takes_none_out(measure: Measure, checkerboard: Interactions) -> None:
    test = Holdout(np.arange(4, dtype=np.int32), checkerboard, Ragged(np.arange(5), np.arange(4, dtype=np.int32)))
    assert measure(test) is None


def test_splits_give_users_in_the_order_that_the_sample_is_looked_up_in(synthetic: DataSet) -> None:
    users = make_split(synthetic, synthetic.interactions).test.users
    assert (np.diff(users) > 0).all()
