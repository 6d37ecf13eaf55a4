from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from models.data.history import History
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.parallel import in_parallel
from models.ranking.retriever import Retriever

Codes = Callable[..., npt.NDArray[np.int32]]


@pytest.mark.parametrize("count", [0, 1, 64, 1000])
def test_results_come_in_the_order_of_the_rows(retriever: Retriever, count: int) -> None:
    assert list(in_parallel((retriever,), count, lambda _own, row: row)) == list(range(count))


def test_the_crew_answers_as_the_retriever_does(retriever: Retriever, codes: Codes) -> None:
    def work(own: tuple[Retriever, ...], row: int) -> tuple[list[int], list[float]]:
        history = codes(row % 12, (row + 2) % 12)
        found = own[0].retrieve(History(history), CandidateQuery(excluded=history))
        return found.items.tolist(), found.neighbours.tolist()

    assert list(in_parallel((retriever,), 300, work)) == [work((retriever,), row) for row in range(300)]


def test_an_error_of_the_work_is_raised(retriever: Retriever) -> None:
    def work(_own: tuple[Retriever, ...], row: int) -> int:
        if row == 70:
            raise ValueError("row 70")
        return row

    with pytest.raises(ValueError, match="row 70"):
        list(in_parallel((retriever,), 200, work))
