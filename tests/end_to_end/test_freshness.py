"""Freshness, as two real server processes over one database show it."""

import os
import shutil
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.end_to_end.processes import free_ports, server

COUNT = int(os.environ.get("BRAID_TEST_FRESHNESS_COUNT", "12"))
WITHIN = 1.0
"""What is promised."""


def post(client: httpx.Client, user: str, item: str) -> None:
    body = {"user_id": user, "item_id": item, "event_type": "view"}
    assert client.post("/interactions", json=body).status_code == 201


@contextmanager
def writing(base: str) -> Iterator[list[int]]:
    """Go on writing in the background, and count what was written."""
    stop, written = threading.Event(), [0]

    def write() -> None:
        with httpx.Client(base_url=base, timeout=10) as client:
            while not stop.is_set():
                post(client, f"other-{written[0] % 50}", f"i{written[0] % 60:02d}")
                written[0] += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield written
    finally:
        stop.set()
        thread.join(15)


def ids(client: httpx.Client, user: str) -> list[str]:
    answer: dict[str, Any] = client.get(f"/recommend/{user}", params={"limit": 100}).json()
    return [item["item_id"] for item in answer["items"]]


def test_what_one_process_acknowledges_the_other_answers_with_within_a_second(
    isolated: Path, database_url: str, trained_bundles: Path
) -> None:
    """A user is shown items; one of them is had through one process, and has to vanish from the other's list."""
    bundles = shutil.copytree(trained_bundles, isolated / "bundles")
    settings = {"BRAID_DATABASE_URL": database_url, "BRAID_BUNDLES": str(bundles), "BRAID_LOG_LEVEL": "error"}
    delays: list[float] = []
    first, second = free_ports(2)
    with (
        server(isolated, first, **settings) as one,
        server(isolated, second, **settings) as two,
        writing(str(one.base_url)) as written,
    ):
        for number in range(COUNT):
            writer, reader = (one, two) if number % 2 else (two, one)
            user = f"u{number % 20}-{number // 400}"
            item = ids(reader, user)[0]
            assert item in ids(writer, user)
            post(writer, user, item)
            began = time.monotonic()
            # The process that took it knows at once.
            assert item not in ids(writer, user)
            while item in ids(reader, user):
                assert time.monotonic() - began < WITHIN
                time.sleep(0.002)
            delays.append(time.monotonic() - began)
        assert written[0] > COUNT
    delays.sort()
    name, late = database_url.partition("+")[0], delays[int(0.99 * (COUNT - 1))]
    median, last, longest = (f"{seconds * 1e3:.0f} ms" for seconds in (statistics.median(delays), late, delays[-1]))
    sys.stdout.write(
        f"\n{name}: {COUNT} posts, {written[0]} others meanwhile; known to the other process after"
        f" {median} (median), {last} (p99), {longest} (longest)\n"
    )
