"""Interactions that are sent in the background."""

import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
from braid_client import AsyncBraid, Braid, BraidError
from braid_client import sender as sending
from braid_client.models import InteractionIn

from tests.clients.conftest import Served
from tests.postgresql import unused_port


@pytest.fixture
def user() -> str:
    return f"sent-{uuid4()}"


def stored(served: Served, user: str) -> list[str]:
    """List the event ids of a user."""
    with Braid(served.url, served.key, check=False) as braid:
        found: list[str] = []
        cursor = None
        while True:
            page = braid.list_interactions(user, limit=1000, cursor=cursor)
            found += [str(row["event_id"]) for row in page["items"]]
            if (cursor := page["next_cursor"]) is None:
                return found


def test_they_are_stored_within_a_second_and_more_are_posted_together(served: Served, user: str) -> None:
    with Braid(served.url, served.key) as braid:
        first = braid.send(user_id=user, item_id="i", event_type="view")
        until = time.monotonic() + 3
        while stored(served, user) != [first]:
            assert time.monotonic() < until
            time.sleep(0.05)
        begun = time.monotonic()
        more = [braid.send(user_id=user, item_id=f"i{n}", event_type="view") for n in range(1200)]
        assert time.monotonic() - begun < 1
        assert braid.flush()
        assert sorted(stored(served, user)) == sorted([first, *more])


def test_given_ids_and_times_are_kept(served: Served, user: str) -> None:
    with Braid(served.url, served.key) as braid:
        for _ in range(2):
            sent = braid.send(
                user_id=user, item_id="i", event_type="view", event_id=f"{user}-1", timestamp="2026-03-01T12:00:00Z"
            )
        assert sent == f"{user}-1"
        braid.flush()
        (row,) = braid.list_interactions(user)["items"]
    assert row["timestamp"] == "2026-03-01T12:00:00Z"


async def test_the_asyncio_client_sends_and_flushes(served: Served, user: str) -> None:
    async with AsyncBraid(served.url, served.key) as braid:
        sent = braid.send(user_id=user, item_id="i", event_type="view")
        assert await braid.flush()
        last = braid.send(user_id=user, item_id="i2", event_type="view")
    assert sorted(stored(served, user)) == sorted([sent, last])


def test_what_is_refused_is_reported_and_the_rest_is_stored(served: Served, user: str) -> None:
    lost: list[tuple[InteractionIn, BraidError]] = []
    with Braid(served.url, served.key, on_lost=lambda *one: lost.append(one)) as braid:
        good = braid.send(user_id=user, item_id="i", event_type="view")
        for _ in range(150):
            braid.send(user_id=user, item_id="i", event_type="sold")
        braid.flush()
    assert stored(served, user) == [good]
    assert len(lost) == 150
    assert {row["event_type"] for row, _ in lost} == {"sold"}
    _, error = lost[0]
    assert (error.status, error.code, error.errors[0]["field"]) == (422, "unknown_event_type", "event_type")


def test_a_callback_that_fails_stops_nothing(served: Served, user: str) -> None:
    def fail(row: InteractionIn, error: BraidError) -> None:
        raise RuntimeError

    with Braid(served.url, served.key, on_lost=fail) as braid:
        braid.send(user_id=user, item_id="i", event_type="sold")
        braid.flush()
        good = braid.send(user_id=user, item_id="i", event_type="view")
    assert stored(served, user) == [good]


def test_what_is_no_json_is_refused_at_once(served: Served, user: str) -> None:
    with Braid(served.url, served.key) as braid, pytest.raises(ValueError, match="JSON"):
        braid.send(user_id=user, item_id="i", event_type="view", value=float("nan"))


def test_a_full_queue_is_an_error_and_what_is_left_at_the_end_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_WAITING", 3)
    lost: list[str] = []
    braid = Braid(f"http://127.0.0.1:{unused_port()}", on_lost=lambda _, error: lost.append(error.code))
    for _ in range(3):
        braid.send(user_id="u", item_id="i", event_type="view")
    with pytest.raises(BraidError, match="send_queue_full"):
        braid.send(user_id="u", item_id="i", event_type="view")
    assert not braid.flush(0.01)
    braid._sender.close(0.1)
    assert lost == ["not_sent"] * 3
    with pytest.raises(BraidError, match="closed"):
        braid.send(user_id="u", item_id="i", event_type="view")
    braid.close()


def test_old_ones_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "KEPT_SECONDS", 0.05)
    lost: list[BraidError] = []
    braid = Braid(f"http://127.0.0.1:{unused_port()}", on_lost=lambda _, error: lost.append(error))
    braid.send(user_id="u", item_id="i", event_type="view")
    assert braid.flush(5)
    assert [error.code for error in lost] == ["not_sent"]
    assert "the last try: no_answer" in lost[0].detail
    braid.close()


def test_they_wait_while_the_key_is_refused(served: Served, user: str) -> None:
    with Braid(served.url, served.key, check=False) as admin:
        made = admin.post_key(name="writer", scopes=["write"], expires_at=None)
        admin.delete_key(made["key_id"])
    braid = Braid(served.url, made["key"])
    until = time.monotonic() + 5
    while not isinstance(_refusal(braid), BraidError):
        assert time.monotonic() < until
    braid.send(user_id=user, item_id="i", event_type="view")
    assert not braid.flush(0.3)
    braid._sender.close(0)
    braid.close()


def _refusal(braid: Braid) -> BraidError | None:
    try:
        braid.check()
    except BraidError as error:
        return error
    return None


AT_THE_END = """
import os, sys
from braid_client import Braid
braid = Braid(sys.argv[1], sys.argv[2])
braid.send(user_id=sys.argv[3], item_id="parent", event_type="view")
if os.fork() == 0:
    for n in range(600):
        braid.send(user_id=sys.argv[3], item_id=f"child-{n}", event_type="view")
else:
    os.wait()
"""


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_the_end_of_a_process_sends_what_waits_also_in_one_that_was_forked(
    served: Served, user: str, repository: Path
) -> None:
    command = [sys.executable, "-c", AT_THE_END, served.url, served.key, user]
    source = repository / "clients/python/src"
    done = subprocess.run(command, env={"PYTHONPATH": str(source)}, capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    found = stored(served, user)
    assert len(found) == len(set(found)) == 601
