"""The sample shop, open on the generated catalogue, and a browser."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from braid_client import Braid
from braid_client.models import Interaction
from playwright.sync_api import Browser
from serve import Shop

from models.data.sample_shop import generate_shop
from tests.chromium import running_browser
from tests.conftest import Completed
from tests.end_to_end.processes import server
from tests.postgresql import unused_port

Make = Callable[..., Completed]


@dataclass(frozen=True)
class Open:
    """Where the shop is, and an admin client of the Braid behind it."""

    url: str
    braid: Braid

    def events(self, user: str) -> list[Interaction]:
        """List what a visitor did, the latest first, without what was only seen."""
        return [row for row in self._log(user) if row["event_type"] != "shown"]

    def shown(self, user: str) -> list[Interaction]:
        """List what a visitor saw."""
        return [row for row in self._log(user) if row["event_type"] == "shown"]

    def _log(self, user: str) -> list[Interaction]:
        return self.braid.list_interactions(user, limit=1000)["items"]


def made_key(done: Completed) -> str:
    """Return the key that `braid key create` printed."""
    found = re.search(r"braid_[sp]k_\S+", done.stdout)
    assert found is not None, done.stdout + done.stderr
    return found[0]


@pytest.fixture
def shop(isolated: Path, braid_here: Make, sqlite_template: Path) -> Iterator[Open]:
    """Open the shop on a small catalogue, with the commands of its README."""
    settings = {"BRAID_DATABASE_URL": f"sqlite:///{isolated}/braid.sqlite3", "BRAID_BUNDLES": str(isolated / "bundles")}
    (isolated / "braid.sqlite3").write_bytes(sqlite_template.read_bytes())
    data = generate_shop(80, 120, 3000, seed=1)
    (isolated / "data").mkdir()
    assert data.items is not None
    pq.write_table(data.interactions, isolated / "data/interactions.parquet")
    pq.write_table(data.items, isolated / "data/items.parquet")
    assert braid_here("import", isolated / "data", **settings).returncode == 0
    port, served_at = unused_port(), unused_port()
    origin = f"http://127.0.0.1:{served_at}"
    created = braid_here("key", "create", "--name", "pages", "--scope", "publish", "--origin", origin, **settings)
    admin = made_key(braid_here("key", "create", "--name", "operator", "--scope", "admin", **settings))
    page_key = made_key(created)
    with (
        server(isolated, port, **settings) as client,
        open_shop(served_at, str(client.base_url), page_key),
        Braid(str(client.base_url), admin) as braid,
    ):
        yield Open(origin, braid)


@contextmanager
def open_shop(port: int, braid: str, key: str) -> Iterator[None]:
    """Serve the shop in a thread."""
    serving = Shop(port, braid.rstrip("/"), key)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    try:
        yield
    finally:
        serving.shutdown()
        thread.join()
        serving.server_close()


@pytest.fixture
def browser() -> Iterator[Browser]:
    """Run a browser; ask for it last: while it runs, this thread has an event loop, in which no command can run."""
    with running_browser() as found:
        yield found
