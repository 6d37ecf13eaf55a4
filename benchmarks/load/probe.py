"""Checks the answers of `braid serve` before anything is measured."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.load.client import Client
from benchmarks.load.machine import cores_for
from benchmarks.load.questions import check_answers, repeated
from benchmarks.load.rounds import Options
from benchmarks.load.server import require_bundle, serving
from benchmarks.load.work import Work


def probe(work: Work, users: Sequence[str], options: Options, folder: Path) -> tuple[Path, dict[str, int]]:
    """Check answers, and keep one of the default length as the answer of the ceiling.

    Returns
    -------
    tuple[Path, dict[str, int]]
        The file with the answer, and the result of the check.

    Raises
    ------
    LoadError
        The server has no bundle, or its answers are not personal.
    """
    path = folder / "answer.json"
    with serving(work, folder, core=cores_for(1, pin=options.pin).server) as server, Client(server.port) as client:
        require_bundle(client)
        found = check_answers(client, users)
        path.write_bytes(client.get(repeated(users)))
    return path, found
