"""Generates candidates for many users in parallel threads, each with its own retrievers."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from threadpoolctl import threadpool_limits

from models.ranking.retriever import Retriever

Result = TypeVar("Result")
_CHUNK = 64
_AHEAD = 4
"""Chunks for each thread that may be ready before their results are read."""


def in_parallel(
    retrievers: tuple[Retriever, ...], count: int, work: Callable[[tuple[Retriever, ...], int], Result]
) -> Iterator[Result]:
    """Call a function for every row in parallel, and yield the results in the order of the rows.

    Compiled code and linear algebra release the interpreter's lock, so threads help. A retriever serves one thread,
    as its buffers are reused: each thread has its own. The result must depend on the row alone.

    Parameters
    ----------
    retrievers
        The retrievers that `work` needs; it is called with copies that have their own buffers.
    count
        Number of rows.
    work
        Called with retrievers and a row.
    """
    # OMP_NUM_THREADS, the limit for compiled code, limits these threads as well.
    threads = int(os.environ.get("OMP_NUM_THREADS") or os.cpu_count() or 1)
    free: SimpleQueue[tuple[Retriever, ...]] = SimpleQueue()
    for _ in range(threads):
        free.put(tuple(retriever.configured(retriever.config) for retriever in retrievers))

    def chunk(start: int) -> list[Result]:
        own = free.get()
        try:
            return [work(own, row) for row in range(start, min(start + _CHUNK, count))]
        finally:
            free.put(own)

    # Each thread multiplies small matrices: more threads for each product would only wait for one another.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(threads) as pool:
        waiting = []
        for start in range(0, count, _CHUNK):
            waiting.append(pool.submit(chunk, start))
            if len(waiting) >= threads * _AHEAD:
                yield from waiting.pop(0).result()
        for future in waiting:
            yield from future.result()
