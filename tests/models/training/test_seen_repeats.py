"""How much a user's own repeats count where a request wants seen items."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from models.data.folder import DataSet
from models.data.history import History
from models.data.interactions import Interactions
from models.data.splitting import Split, make_split
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.config import RankingConfig
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever
from models.recommenders.recommender import TrainingData, by_name
from models.recommenders.repeats import Repeats
from models.training.learn import Learned
from models.training.seen_repeats import WEIGHTS, tune_seen_repeats

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
DAY = 86_400.0
START = 1.75e9


def visits(kind: str) -> list[Row]:
    """Sixty users with twelve days each: an item of their own again and again, or twice at first and never later."""
    rng = np.random.default_rng(0)
    rows: list[Row] = []
    for user in range(60):
        others = (f"i{item:02d}" for item in rng.permutation(40))
        for day in range(12):
            again = day % 2 == 0 if kind == "faithful" else day < 2
            item = f"own{user % 20:02d}" if again else next(others)
            rows.append((f"u{user:02d}", item, START + day * DAY + user))
    return rows


def split_of(table: pa.Table) -> Split:
    return make_split(DataSet(table), table, protocol="temporal", test_days=2)


def tuned(split: Split, config: RankingConfig | None = None) -> Learned:
    retriever = Retriever.fit(split.train, config or RankingConfig())
    ranker = Ranker(retriever, None, split.train.item_ids, split.train.user_ids)
    learned = Learned(ranker, retriever, None, [], {}, [])
    return tune_seen_repeats(learned, split.train_log, split.known_log, seed=0)


def weight(learned: Learned) -> float:
    assert learned.ranker.retriever.config == learned.retriever.config
    return float(learned.ranker.retriever.config.blend.seen_repeats)


def test_where_users_repeat_items_repeats_count_more_than_where_they_never_do_later(table: MakeTable) -> None:
    faithful, curious = (tuned(split_of(table(visits(kind)))) for kind in ("faithful", "curious"))
    assert weight(curious) < 1.0 <= weight(faithful)
    ndcg = {trial.setting["seen_repeats"]: trial.ndcg for trial in faithful.trials}
    assert ndcg[1.0] > ndcg[0.0]
    assert set(ndcg) == set(WEIGHTS)


def test_what_is_no_better_beyond_chance_changes_nothing(table: MakeTable) -> None:
    few = [row for row in visits("faithful") if row[0] in {"u00", "u01"}]
    found = tuned(split_of(table(few)))
    assert weight(found) == RankingConfig().blend.seen_repeats
    assert found.ranker.retriever.config.repeats == RankingConfig().repeats


@pytest.mark.parametrize("kind", ["no repeats", "no order"])
def test_without_repeats_or_an_order_nothing_is_tried(table: MakeTable, kind: str) -> None:
    rows = visits("faithful")
    split = split_of(table(rows))
    if kind == "no repeats":
        split = replace(split, train_log=split.train, known_log=split.known)
    else:
        split = replace(split, known_log=replace(split.known_log, timestamps=None))
    assert tuned(split).trials == []


@pytest.mark.parametrize(("exponent", "first"), [(1.0, "bought"), (0.0, "viewed")])
def test_strengths_count_as_much_as_the_mix_lets_them(table: MakeTable, exponent: float, first: str) -> None:
    """Both items came back as often; one was bought a day before the other was viewed."""
    log = Interactions.from_table(
        table([("a", "bought", 0.0), ("a", "viewed", 1.0), ("a", "bought", 2.0), ("a", "viewed", 3.0)]),
        first_only=False,
    )
    config = RankingConfig(strength_exponent=exponent)
    retriever = Retriever.fit(log.first_of_each_pair(), config)
    repeats = Repeats.fit(TrainingData(log), config.repeats)
    parts = {**by_name(retriever.recommenders), "repeats": repeats}
    ranker = Ranker(retriever, None, log.item_ids, log.user_ids, recommenders=parts)
    strong = np.array([1.0, 0.2], dtype=np.float32)
    history = History(np.arange(2, dtype=np.int32), strengths=strong, times=np.array([4.0, 5.0]))
    adjustment, _ = ranker.repeated(history, CandidateQuery(), 2)
    assert log.item_ids[int(np.argmax(adjustment.values))].decode() == first
