import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from models.recommenders import kernels

ROWS = st.lists(st.lists(st.integers(-2, 4), min_size=9, max_size=9), min_size=1, max_size=4)


def block(rows: list[list[int]]) -> npt.NDArray[np.float32]:
    return np.array(rows, dtype=np.float32)


@given(rows=ROWS, count=st.integers(1, 12), above=st.sampled_from([0.0, -np.inf]))
def test_the_top_of_a_row_is_that_of_sorting_it_without_the_own_column(
    rows: list[list[int]], count: int, above: float
) -> None:
    columns, values = kernels.top_of_dense(block(rows), 3, count, above)
    for number, row in enumerate(rows):
        own = 3 + number
        others = sorted((value for at, value in enumerate(row) if at != own and value > above), reverse=True)[:count]
        found = len(others)
        assert values[number].tolist() == [*map(float, others), *[0.0] * (count - found)]
        chosen = columns[number, :found].tolist()
        assert len(set(chosen)) == found
        assert own not in chosen
        assert [row[at] for at in chosen] == others


@given(rows=ROWS)
def test_ranks_count_the_greater_values(rows: list[list[int]]) -> None:
    expected = [[sum(other > value for other in row) for value in row] for row in rows]
    assert kernels.ranks(block(rows)).tolist() == expected
