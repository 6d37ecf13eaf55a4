"""Items that came after the bundle, on a catalogue in which likeness is plain."""

import numpy as np
import pyarrow as pa
import pytest

from models.data.history import History
from models.data.interactions import Interactions
from models.filters.knowledge import Knowledge, KnowledgeConfig
from models.filters.requirements import Filter
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import SIGNALS
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker
from models.ranking.retriever import Retriever

ODD, EVEN = {"tags": ["odd", "all"]}, {"tags": ["even", "all"]}
NOW = 1000.0


@pytest.fixture
def live(checkerboard: Interactions) -> tuple[Ranker, LiveCatalogue]:
    """The checkerboard, each item with a tag for its parity, and a catalogue that goes on living."""
    names = [f"i{item:02d}" for item in range(12)]
    catalogue = pa.table({"item_id": names, "tags": [["odd" if item % 2 else "even"] for item in range(12)]})
    config = RankingConfig(blend=BlendConfig(content=0.5))
    ranker = Ranker(Retriever.fit(checkerboard, config, catalogue), None, checkerboard.item_ids, checkerboard.user_ids)
    knowledge = Knowledge.fit(catalogue, KnowledgeConfig(), checkerboard.item_ids)
    return ranker, LiveCatalogue(knowledge, ranker.content)


def order(ranker: Ranker, live: LiveCatalogue, history: list[int], query: CandidateQuery | None = None) -> list[str]:
    items = np.array(history, dtype=np.int32)
    found = ranker.rank(History(items), query or CandidateQuery(excluded=items), new_items=live.new_items)
    return [live.item_id(code) for code in found.items.tolist()]


def test_an_arrival_has_a_code_and_is_ranked_among_what_resembles_it(live: tuple[Ranker, LiveCatalogue]) -> None:
    ranker, catalogue = live
    catalogue.apply("new-odd", ODD)
    catalogue.apply("new-even", EVEN)
    catalogue.update_availability(NOW)
    assert catalogue.codes(["new-even", "i03", "none"]).tolist() == [13, 3, -1]
    for history, mine, other in ([1, 3, 5], "new-odd", "new-even"), ([0, 2, 4], "new-even", "new-odd"):
        found = order(ranker, catalogue, history)
        own = [name for name in found if name.startswith("i") and int(name[1:]) % 2 == history[0] % 2]
        others = [name for name in found if name.startswith("i") and int(name[1:]) % 2 != history[0] % 2]
        assert own
        assert all(found.index(mine) < found.index(name) for name in others)
        assert found.index(mine) < (found.index(other) if other in found else len(found))


def test_new_items_in_a_history_lead_to_items_like_them(live: tuple[Ranker, LiveCatalogue]) -> None:
    ranker, catalogue = live
    catalogue.apply("new-odd", ODD)
    catalogue.update_availability(NOW)
    found = order(ranker, catalogue, [12])
    assert {int(name[1:]) % 2 for name in found[:6]} == {1}


def test_signals_of_an_arrival_are_content_itself_and_a_mean_of_its_neighbours(
    live: tuple[Ranker, LiveCatalogue],
) -> None:
    ranker, catalogue = live
    catalogue.apply("new-odd", ODD)
    history = np.array([1, 3], dtype=np.int32)
    drawn = ranker.retriever.retrieve(History(history), CandidateQuery(excluded=history), catalogue.new_items)
    signals = dict(zip(SIGNALS, drawn.signals[:, drawn.items.tolist().index(12)].tolist(), strict=True))
    rows = catalogue.new_items.rows
    alike = dict(zip(rows.indices.tolist(), rows.values.tolist(), strict=True))
    decay = ranker.retriever.config.content.recency_decay
    assert signals["content"] == pytest.approx(alike[1] * decay + alike[3], rel=1e-5)
    assert signals["popularity"] == signals["trending"] == 0
    odd = {
        item: score for item, score in zip(drawn.items.tolist(), drawn.signals[0].tolist(), strict=True) if item < 12
    }
    expected = sum(alike.get(item, 0) * score for item, score in odd.items()) / (1 + sum(alike.values()))
    assert signals["item_knn"] == pytest.approx(expected, rel=1e-4)


def test_a_hidden_or_deleted_arrival_is_gone_and_comes_back(live: tuple[Ranker, LiveCatalogue]) -> None:
    ranker, catalogue = live
    for fields, shown in (
        (ODD, True),
        ({**ODD, "hidden": True}, False),
        ({**ODD, "available_until": NOW}, False),
        ({**ODD, "available_from": NOW, "available_until": NOW + 1}, True),
        (None, False),
        (ODD, True),
    ):
        catalogue.apply("new", fields)
        catalogue.update_availability(NOW)
        assert ("new" in order(ranker, catalogue, [1, 3])) is shown


def test_an_arrival_without_content_is_ranked_where_it_is_asked_for(live: tuple[Ranker, LiveCatalogue]) -> None:
    ranker, catalogue = live
    catalogue.apply("bare", {"price": 5.0})
    catalogue.update_availability(NOW)
    assert "bare" not in order(ranker, catalogue, [1, 3])
    only = np.array([12, 7], dtype=np.int32)
    assert order(ranker, catalogue, [1, 3], CandidateQuery(only=only)) == ["i07", "bare"]
    cheap = catalogue.mask(Filter.model_validate({"field": "price", "lte": 9}))
    assert order(ranker, catalogue, [1, 3], CandidateQuery(wanted=cheap)) == ["bare"]
