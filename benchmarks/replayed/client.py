"""Replays a log over HTTP, as a shop's back end would: ask, then post, in order of time."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import numpy as np

from app.api.clock_header import CLOCK_HEADER
from benchmarks.load.client import Client
from benchmarks.replayed.log import ReplayedLog
from models.arrays.types import Int32
from models.data.codes import find
from models.data.columns import EVENT_TYPE, ITEM, QUANTITY, REVENUE, USER, VALUE


def replay(
    replayed: ReplayedLog,
    client: Client,
    *,
    length: int,
    on_progress: Callable[[float], None],
) -> tuple[Int32, float]:
    """Ask before each interaction that is a question, and post each interaction.

    Returns
    -------
    tuple
        The lists, int32 (questions, length): item codes, -1 where a list ends early or an item is not in the log; and
        the requests a second, questions and posts together.

    Raises
    ------
    LoadError
        An answer was an error.
    """
    log, questions = replayed.log, replayed.questions
    assert questions.stops is not None  # noqa: S101 - a replay's questions have them
    question_of = {int(stop): row for row, stop in enumerate(questions.stops)}
    users = [name.decode() for name in log.user_ids]
    optional = (EVENT_TYPE, VALUE, QUANTITY, REVENUE)
    posted = [USER, ITEM, *(name for name in optional if name in replayed.table.column_names)]
    rows = replayed.table.select(posted).take(replayed.order).to_pylist()
    bodies = dict(zip(replayed.order.tolist(), map(_without_nothing, rows), strict=True))
    lists = np.full((len(questions), length), -1, dtype=np.int32)
    include = "&exclude_seen=false" if questions.include_seen else ""
    started, step = time.perf_counter(), max(len(replayed.order) // 100, 1)
    for done, row in enumerate(replayed.order.tolist()):
        user, moment = users[log.users[row]], datetime.fromtimestamp(log.times[row], UTC).isoformat()
        headers = {CLOCK_HEADER: moment}
        question = question_of.get(row)
        if question is not None:
            answer = json.loads(client.get(f"/recommend/{quote(user)}?limit={length}{include}", headers))
            names = [item["item_id"] for item in answer["items"]]
            lists[question, : len(names)] = find(log.item_ids, names)
        client.post("/interactions", bodies[row] | {"timestamp": moment}, headers)
        if done % step == 0:
            on_progress(done / len(replayed.order))
    return lists, (len(questions) + len(replayed.order)) / (time.perf_counter() - started)


def _without_nothing(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}
