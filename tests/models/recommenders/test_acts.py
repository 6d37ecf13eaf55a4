"""What is done before a goal: matrices by kind of act, what a user may go on with, and conversion."""

import numpy as np
import pyarrow as pa
import pytest

from models.data.cleaning import clean
from models.data.goal import ACTS, Goal
from models.data.history import History
from models.data.interactions import Interactions
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.candidates import PARTS, TRAINED
from models.ranking.config import BlendConfig, RankingConfig
from models.ranking.retriever import Retriever
from models.recommenders.act_knn import ActKNN, ActKNNConfig, kind_of_act
from models.recommenders.conversion import Conversion, ConversionConfig
from models.recommenders.go_on import GoOn, GoOnConfig
from models.recommenders.recommender import Recommender, TrainingData
from models.recommenders.score_board import ScoreBoard

Row = tuple[str, str, str, float]
START, DAY = 1_700_000_000.0, 86_400.0
PLAIN = ActKNNConfig(act_exponent=0.0, user_exponent=0.0, target_exponent=0.0, recency_decay=1.0)


def data(rows: list[Row], *, ordered: bool = True) -> Interactions:
    users, items, kinds, times = zip(*rows, strict=True)
    columns = {"user_id": users, "item_id": items, "event_type": kinds}
    if ordered:
        columns |= {"timestamp": pa.array(times, pa.float64())}
    table, _ = clean(pa.table(columns), goal=Goal.parse("purchase"))
    log = Interactions.from_table(table, first_only=False)
    return log.steps().standing_for(log).pairs


def scores(part: Recommender, history: History, n_items: int, signal: str = "") -> dict[int, float]:
    with ScoreBoard(n_items, part.signals) as board:
        part.score(history, board)
        board.write_deferred()
        found = board.scores(signal or part.signals[0])
        return {int(item): float(score) for item, score in zip(board.items, found, strict=True) if score}


# Two buy y after they view x, one buys z after carting x; w is viewed by all three and bought by nobody.
SHOP: list[Row] = [
    *[(user, item, "view", START) for user in "abc" for item in "wx"],
    ("c", "x", "cart", START + 1),
    ("a", "y", "purchase", START + 2),
    ("b", "y", "purchase", START + 2),
    ("c", "z", "purchase", START + 2),
]
W, X, Y, Z = range(4)


def act(name: str) -> type[ActKNN]:
    return kind_of_act(name)


def test_a_matrix_counts_the_users_from_one_act_to_the_goal() -> None:
    shop = data(SHOP)
    views = act("view").fit(TrainingData(shop), PLAIN)
    assert dict(zip(*(array.tolist() for array in views.rows.row(X)), strict=True)) == {Y: 2.0, Z: 1.0}
    carts = act("cart").fit(TrainingData(shop), PLAIN)
    assert dict(zip(*(array.tolist() for array in carts.rows.row(X)), strict=True)) == {Z: 1.0}
    assert not len(carts.rows.row(W)[0])
    assert act("click").fit(TrainingData(shop), PLAIN).empty


def test_what_was_reached_itself_is_no_neighbour() -> None:
    shop = data([("a", "x", "view", START), ("a", "x", "purchase", START + 1), ("a", "y", "purchase", START + 2)])
    views = act("view").fit(TrainingData(shop), PLAIN)
    assert views.rows.row(0)[0].tolist() == [1]


def test_other_exponents_need_no_new_fit() -> None:
    shop = data(SHOP)
    other = PLAIN.model_copy(update={"act_exponent": 0.5, "target_exponent": 0.4})
    fitted = act("view").fit(TrainingData(shop), other)
    configured = act("view").fit(TrainingData(shop), PLAIN).configured(other)
    assert configured.rows.values.tolist() == pytest.approx(fitted.rows.values.tolist())


def test_the_items_with_the_act_are_scored() -> None:
    views = act("view").fit(TrainingData(data(SHOP)), PLAIN)
    found = scores(views, History(np.array([X, W], dtype=np.int32)), 4)
    assert found == {Y: 4.0, Z: 2.0}


def go_on(rows: list[Row], config: GoOnConfig | None = None, *, ordered: bool = True) -> GoOn:
    return GoOn.fit(TrainingData(data(rows, ordered=ordered)), config or GoOnConfig(item_exponent=0.0))


def events(*rows: tuple[int, str, float], now: float = START) -> History:
    items, kinds, times = zip(*rows, strict=True)
    acts = Goal.parse("purchase").acts(kinds)
    return History(np.array(items, dtype=np.int32), times=np.array(times), now=now, acts=acts)


def test_an_act_counts_by_how_often_it_leads_to_the_goal() -> None:
    rows: list[Row] = [(f"u{n}", "x", kind, START) for n in range(8) for kind in ("view", "cart")[: 1 + (n < 4)]]
    rows += [(f"u{n}", "x", "purchase", START + 1) for n in range(3)]
    part = go_on(rows)
    assert part.rates[ACTS.index("cart")] == pytest.approx((3 + 1) / (4 + 2))
    assert part.rates[ACTS.index("view")] == pytest.approx((3 + 1) / (8 + 2))
    assert part.rates[0] == 0


def test_carts_come_before_views_and_late_acts_before_early_ones() -> None:
    rows: list[Row] = [(f"u{n}", "x", kind, START) for n in range(8) for kind in ("view", "cart")[: 1 + (n < 4)]]
    rows += [*[(f"u{n}", "x", "purchase", START + 1) for n in range(3)], ("v", "y", "view", START)]
    part = go_on([*rows, ("v", "z", "view", START)])
    found = scores(part, events((0, "cart", START), (1, "view", START), (2, "view", START - 7 * DAY)), 3)
    assert found[0] > found[1] > found[2]
    assert found[2] == pytest.approx(found[1] / 2)


def test_three_views_count_twice_one_view() -> None:
    part = go_on(SHOP)
    one, three = (scores(part, events(*[(W, "view", START)] * count), 4)[W] for count in (1, 3))
    assert three == pytest.approx(2 * one)


def test_what_reached_the_goal_is_no_longer_open_until_it_is_viewed_again() -> None:
    part = go_on(SHOP)
    assert scores(part, events((X, "view", START), (X, "purchase", START + 1)), 4) == {}
    assert list(scores(part, events((X, "purchase", START), (X, "view", START + 1)), 4)) == [X]


def test_without_an_order_what_reached_the_goal_is_done() -> None:
    part = go_on(SHOP, ordered=False)
    assert scores(part, events((X, "purchase", 0.0), (X, "view", 0.0)), 4) == {}
    assert list(scores(part, events((W, "view", 0.0)), 4)) == [W]


def test_items_that_are_bought_more_often_come_first() -> None:
    rows: list[Row] = [(f"u{n}", item, "view", START) for n in range(60) for item in "xy"]
    rows += [(f"u{n}", "x", "purchase", START + 1) for n in range(30)]
    part = go_on(rows, GoOnConfig(item_exponent=1.0))
    found = scores(part, events((0, "view", START), (1, "view", START)), 2)
    # 60 users each, and 20 of the average item, a quarter of whose users reach the goal.
    assert found[0] / found[1] == pytest.approx((30 + 5) / (0 + 5))


def test_conversion_is_not_trained_but_a_bundle_that_weighs_it_is_served_with_it() -> None:
    assert "conversion" in PARTS
    assert "conversion" not in TRAINED
    assert "conversion" not in Retriever.fit(data(SHOP), RankingConfig(), parts=TRAINED).present
    weights = dict.fromkeys(PARTS, 0.0) | {"conversion": 1.0}
    earlier = Retriever.fit(data(SHOP), RankingConfig(blend=BlendConfig(**weights)))
    found = earlier.retrieve(History(np.array([W], dtype=np.int32)), CandidateQuery())
    assert found.items[np.argmax(found.neighbours)] == Y


def test_conversion_is_the_share_of_users_who_reached_the_goal() -> None:
    part = Conversion.fit(TrainingData(data(SHOP)), ConversionConfig())
    usual = 3 / 9
    assert part.table[0].tolist() == pytest.approx(
        [20 * usual / 23, 20 * usual / 23, (2 + 20 * usual) / 22, (1 + 20 * usual) / 21]
    )
    assert part.table[1].tolist() == [0, 1, 0, 0]
    assert part.table[2].tolist() == [1, 1, 0, 0]
    assert set(scores(part, events((X, "view", START)), 4)) == {W, X, Y, Z}


@pytest.mark.parametrize("part", [(GoOn, GoOnConfig()), (Conversion, ConversionConfig()), (act("view"), PLAIN)])
def test_without_a_goal_there_is_nothing_to_fit(
    part: tuple[type[Recommender], object],
) -> None:
    table = pa.table({"user_id": ["a", "a", "b"], "item_id": ["x", "y", "x"]})
    recommender, config = part
    assert recommender.fit(TrainingData(Interactions.from_table(table)), config).empty
