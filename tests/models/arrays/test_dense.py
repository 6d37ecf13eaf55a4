import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from models.arrays import dense

ROWS = st.lists(st.lists(st.integers(-2, 4), min_size=9, max_size=9), min_size=1, max_size=4)


def block(rows: list[list[int]]) -> npt.NDArray[np.float32]:
    return np.array(rows, dtype=np.float32)


def best_of(row: list[int], own: int, count: int, above: float) -> list[int]:
    """Columns by value, the greatest first, of equal ones the first."""
    others = [at for at, value in enumerate(row) if at != own and value > above]
    return sorted(others, key=lambda at: (-row[at], at))[:count]


@given(rows=ROWS, count=st.integers(1, 12), above=st.sampled_from([0.0, -np.inf]))
def test_the_top_of_a_row_is_that_of_sorting_it_without_the_own_column(
    rows: list[list[int]], count: int, above: float
) -> None:
    columns, values = dense.top_of_dense(block(rows), 3, count, above)
    for number, row in enumerate(rows):
        expected = best_of(row, 3 + number, count, above)
        missing = [0] * (count - len(expected))
        assert columns[number].tolist() == expected + missing
        assert values[number].tolist() == [float(row[at]) for at in expected] + missing


@given(seed=st.integers(0, 1000), width=st.integers(1, 500), count=st.integers(1, 20), levels=st.integers(1, 400))
def test_of_wide_rows_the_first_of_equal_values_are_kept(seed: int, width: int, count: int, levels: int) -> None:
    row = np.random.default_rng(seed).integers(1, levels + 1, width).tolist()
    columns, _ = dense.top_of_dense(block([row]), 0, count, 0.0)
    expected = best_of(row, 0, count, 0.0)
    assert columns[0, : len(expected)].tolist() == expected
