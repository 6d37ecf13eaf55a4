"""Asks a server to rank given candidates, by `POST /recommend`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.load.client import Client
from benchmarks.load.server import require_bundle, serving
from benchmarks.load.work import DATABASE, Work
from models.arrays.types import Int64
from models.data.holdout import Holdout
from models.evaluation.metrics import per_user_values

_LENGTH = 10


def ask(test: Holdout, rows: Int64, home: Path, metrics: Sequence[str]) -> dict[str, float]:
    """Measure the lists that a server gives to some of the test users.

    Parameters
    ----------
    rows
        Positions of the users in the test.
    home
        Holds `bundles`, with an active one, and `log`, the data-set folder of the users' histories.

    Raises
    ------
    LoadError
        The import failed, or the server did not answer.
    """
    ids, users = test.source.item_ids, test.source.user_ids
    codes = {item: code for code, item in enumerate(ids.tolist())}
    work = Work(home / DATABASE, home / "bundles")
    work.braid("migrate")
    work.braid("import", str(home / "log"), "--timestamps", "seconds" if test.source.has_clock else "order")
    ranked = np.full((len(rows), _LENGTH), -1, dtype=np.int32)
    with serving(work, home) as server, Client(server.port) as client:
        require_bundle(client)
        for place, row in enumerate(rows.tolist()):
            listed = test.candidate_list(row)
            body = {
                "user_id": users[test.users[row]].decode(),
                "candidates": [] if listed is None else [ids[item].decode() for item in listed],
                "limit": _LENGTH,
            }
            found = [codes[item["item_id"].encode()] for item in client.post("/recommend", body)["items"]]
            ranked[place, : len(found)] = found
    targets = test.targets.take(rows)
    values = per_user_values(ranked, targets.offsets, targets.items, [_LENGTH])
    return {metric: float(values[metric].mean()) for metric in metrics}
