from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from models.data.history import History
from models.data.interactions import Interactions
from models.recommenders.recommender import TrainingData
from models.recommenders.repeats import Repeats, RepeatsConfig
from models.recommenders.score_board import ScoreBoard

Row = tuple[object, ...]
MakeTable = Callable[[list[Row]], pa.Table]
Codes = Callable[..., npt.NDArray[np.int32]]
DAY = 86_400.0
START = 1_700_000_000.0


def fitted(table: pa.Table, half_life: float = 60.0) -> Repeats:
    return Repeats.fit(
        TrainingData(Interactions.from_table(table, first_only=False)), RepeatsConfig(half_life=half_life)
    )


def signals(
    recommender: Repeats, history: History, excluded: npt.NDArray[np.int32] | None = None
) -> dict[int, list[float]]:
    with ScoreBoard(max(len(recommender.rates), 9), Repeats.signals) as board:
        if excluded is not None:
            board.exclude(excluded)
        recommender.score(history, board)
        columns = board.rows[:, : board.count].T.tolist()
        return dict(zip(board.items.tolist(), columns, strict=True))


@pytest.fixture
def clocked(table: MakeTable) -> pa.Table:
    """Item x: one of two users came back, after 10 days; y: its one user did not; z: nobody had it lately."""
    rows: list[Row] = [("a", "x", START), ("a", "y", START + DAY), ("a", "x", START + 10 * DAY)]
    return table([*rows, ("b", "x", START), ("c", "z", START)])


def test_rates_and_gaps_are_drawn_towards_the_mean_of_all(clocked: pa.Table) -> None:
    found = fitted(clocked)
    assert found.clock
    assert not found.empty
    # Four pairs, of which one was repeated; ten average users are added to each item.
    assert found.rates.tolist() == pytest.approx([(1 + 2.5) / 12, 2.5 / 11, 2.5 / 11])
    assert found.gaps.tolist() == pytest.approx([10.0, 10.0, 10.0])


def test_with_a_clock_age_is_in_days(clocked: pa.Table, codes: Codes) -> None:
    found = fitted(clocked, half_life=60.0)
    now = START + 60 * DAY
    history = History(codes(0, 1, 0), times=np.array([START, START + 60 * DAY, START + 60 * DAY]), now=now)
    scored = signals(found, history)
    x, y = np.sqrt(found.rates[:2])
    assert scored[0] == pytest.approx(
        [x * (0.5 + 1.0), np.log(3), 1.0, found.rates[0], 1 / (1 + (60 + 10) / 2)], rel=1e-4
    )
    assert scored[1] == pytest.approx([y, np.log(2), 1.0, found.rates[1], 1 / 11], rel=1e-4)
    assert set(scored) == {0, 1}


def test_an_item_is_due_when_its_usual_gap_has_passed(clocked: pa.Table, codes: Codes) -> None:
    found = fitted(clocked)
    due = [
        signals(found, History(codes(1), times=np.array([START]), now=START + days * DAY))[1][4]
        for days in (0, 5, 10, 20, 100)
    ]
    assert due[2] == pytest.approx(1.0)
    assert due.index(max(due)) == 2
    assert due[0] < due[1] < due[2] > due[3] > due[4] > 0


def test_with_an_order_only_age_is_in_interactions(table: MakeTable, codes: Codes) -> None:
    rows: list[Row] = [*(("a", item, float(at)) for at, item in enumerate("xyzx")), ("b", "y", 0.0)]
    found = fitted(table(rows), half_life=1.0)
    assert not found.clock
    assert found.gaps.tolist() == pytest.approx([3.0] * 3)
    history = History(codes(0, 1, 1), times=np.array([0.0, 500.0, 900.0]))
    scored = signals(found, history)
    assert scored[0][0] == pytest.approx(np.sqrt(found.rates[0]) * 0.25)
    assert scored[1][0] == pytest.approx(np.sqrt(found.rates[1]) * 1.5)
    assert (scored[0][2], scored[1][2]) == pytest.approx((1 / 3, 1.0))


def test_without_an_order_it_counts(table: MakeTable, codes: Codes) -> None:
    found = fitted(table([("a", "x"), ("a", "x"), ("a", "y"), ("b", "y")]), half_life=1e9)
    scored = signals(found, History(codes(0, 0, 1)))
    assert scored[0][0] == pytest.approx(2 * np.sqrt(found.rates[0]), rel=1e-5)
    assert scored[0][0] > scored[1][0] > 0


def test_strengths_weigh(clocked: pa.Table, codes: Codes) -> None:
    found = fitted(clocked)
    times, weak = np.array([START]), np.array([0.25], dtype=np.float32)
    whole = signals(found, History(codes(0), times=times))[0][0]
    assert signals(found, History(codes(0), strengths=weak, times=times))[0][0] == pytest.approx(whole / 4)


def test_items_that_may_not_be_recommended_get_nothing(clocked: pa.Table, codes: Codes) -> None:
    found, history = fitted(clocked), History(codes(0, 1), times=np.array([START, START]))
    assert set(signals(found, history, excluded=codes(0))) == {1}
    assert signals(found, history, excluded=codes(0, 1)) == {}
    assert signals(found, History(codes())) == {}


def test_where_nobody_repeats_it_is_empty(table: MakeTable, codes: Codes) -> None:
    found = fitted(table([("a", "x", 1.0), ("a", "y", 2.0), ("b", "x", 1.0)]))
    assert found.empty
    assert found.fits(2, 2)
    assert signals(found, History(codes(0, 0))) == {}


def test_another_half_life_keeps_what_was_measured(clocked: pa.Table, codes: Codes) -> None:
    found = fitted(clocked, half_life=60.0).configured(RepeatsConfig(half_life=30.0))
    history = History(codes(0), times=np.array([START]), now=START + 60 * DAY)
    assert signals(found, history)[0][0] == pytest.approx(np.sqrt(found.rates[0]) * 0.25)
