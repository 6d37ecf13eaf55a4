"""`braid demo`, as a newcomer runs it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import QUICK_NETWORK

AGAIN_WITHIN = 10.0
"""Seconds on an idle machine; on a busy one a share of the first start, which was slow for the same reason."""
AGAIN_SHARE = 0.5
SIZE = ("--users", 60, "--items", 30, "--interactions", 900)


def announced(printed: Callable[[], str]) -> str:
    """Give what was printed, once the last line is there."""
    until = time.monotonic() + 10
    while "try:" not in printed():
        assert time.monotonic() < until, printed()
        time.sleep(0.05)
    return printed()


def test_the_demo_does_everything_once_and_then_reuses_it(running: Callable[..., Any], isolated: Path) -> None:
    started = time.monotonic()
    with running("demo", "--synthetic", *SIZE, BRAID_NETWORK=QUICK_NETWORK) as (client, printed):
        first = time.monotonic() - started
        text = announced(printed)
        assert "interactions: 900 rows read, 900 kept" in text
        last = [line for line in text.splitlines() if not line.startswith("{")][-5:]
        base = str(client.base_url).rstrip("/")
        assert last[0] == f"Braid serves on {base}"
        assert last[1].endswith(f"{base}/console")
        assert last[2].endswith(f"{base}/docs")
        assert last[3].endswith(f"{base}/health/ready")
        url = last[4].rpartition(" ")[2]
        assert "curl -s" in last[4]
        answer = client.get(url).json()
        assert (answer["strategy"], len(answer["items"])) == ("personalized", 10)
        assert "This takes about " in text
        user = url.rpartition("/")[2]
        screen = text[text.index(f"What user {user} liked (") : text.index("Braid serves on")]
        title = client.get(f"/items/{answer['items'][0]['item_id']}").json()["title"]
        assert f"   1 {title}" in screen.split("What Braid recommends, and why:")[1]
    started = time.monotonic()
    with running("demo", "--synthetic", *SIZE, BRAID_NETWORK=QUICK_NETWORK) as (client, printed):
        assert time.monotonic() - started < max(AGAIN_WITHIN, AGAIN_SHARE * first)
        text = announced(printed)
        assert "holds 900 interactions already; they are kept" in text
        assert "is active already" in text
        assert client.get(url).json()["strategy"] == "personalized"
    assert {path.name for path in (isolated / "var").iterdir()} >= {"braid.sqlite3", "bundles"}
