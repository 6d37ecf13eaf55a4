"""The proof of an erasure, on both databases, with clocks that are wrong: nothing that is stored holds the id."""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from app.config import Settings
from app.services.users.erasure_proof import written_forms
from models.bundle.store import BundleStore
from tests.app.conftest import Serve
from tests.conftest import Completed

DAY = 86_400_000_000
Proof = Callable[..., Completed]


@pytest.fixture
def proof(braid_here: Callable[..., Completed], settings: Settings) -> Proof:
    def run(user: str, *options: str) -> Completed:
        environment = {"BRAID_DATABASE_URL": settings.database_url, "BRAID_BUNDLES": settings.bundles}
        return braid_here("erase-proof", user, *options, **environment)

    return run


async def fill(client: httpx.AsyncClient, user: str) -> None:
    await client.put(f"/users/{user}", json={"attributes": {"mail": f"{user}@shop.example"}})
    event = {"user_id": user, "item_id": "i000", "event_type": "view"}
    for number in range(40):
        await client.post("/interactions", json=event | {"event_id": f"{user}:{number}", "context": {"of": user}})
    await client.post("/recommend", json={"user_id": user, "context": {"page": user}})
    await client.put(f"/users/guest-of-{user}", json={"attributes": {}})
    await client.post(f"/users/guest-of-{user}/merge", json={"into": user})


@pytest.mark.parametrize("days", [-3, 3])
async def test_nothing_holds_the_id_after_an_erasure_whatever_the_clock_says(
    serve: Serve,
    bundles: BundleStore,
    settings: Settings,
    proof: Proof,
    backend: str,
    monkeypatch: pytest.MonkeyPatch,
    days: int,
) -> None:
    active = bundles.load_active()
    assert active is not None
    user = active.arrays["user_ids"][5].decode()
    async with serve() as client:
        await fill(client, user)
        before = await asyncio.to_thread(proof, user)
        assert before.returncode == 1
        places = {"table interactions", "table users", "table requests", "table merges", "user_ids.npy"}
        assert all(place in before.stdout for place in places)
        moved = time.time_ns() // 1000 + days * DAY
        for module in ("masks", "changes", "imports", "merging"):
            monkeypatch.setattr(f"app.storage.{module}.now", lambda: moved)
        assert (await client.delete(f"/users/{user}")).status_code == 204
    done = await asyncio.to_thread(proof, user, "--finish", "--all")
    assert done.returncode == 0, done.stdout
    assert "the id is in 0" in done.stdout
    assert f"{bundles.active_version()} is rewritten" in done.stdout
    assert ("PostgreSQL keeps" in done.stdout) == (backend == "postgresql")
    if backend == "sqlite":
        path = settings.database_url.partition("///")[2]
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM interactions").fetchone() == (0,)
        assert user.encode() not in Path(path).read_bytes()


def test_a_user_who_was_not_erased_is_found(proof: Proof, bundles: BundleStore) -> None:
    active = bundles.load_active()
    assert active is not None
    found = proof(active.arrays["user_ids"][5].decode(), "--finish")
    assert found.returncode == 1
    assert "user_ids.npy" in found.stdout


async def test_ids_are_forgotten_without_bundles_only_where_that_is_asked_for(serve: Serve, proof: Proof) -> None:
    async with serve() as client:
        await client.put("/users/u-only", json={"attributes": {}})
        assert (await client.delete("/users/u-only")).status_code == 204
    kept = await asyncio.to_thread(proof, "u-only", "--finish")
    assert kept.returncode == 1
    assert "table masked_users" in kept.stdout
    done = await asyncio.to_thread(proof, "u-only", "--finish", "--without-bundles")
    assert done.returncode == 0, done.stdout


def test_an_id_is_searched_in_all_forms() -> None:
    forms = written_forms("Zoë/1")
    assert {
        b"Zo\\u00eb/1",
        b"Zo%C3%AB%2F1",
        b"zo%c3%ab%2f1",
        "Zoë/1".encode(),
        "Zoë/1".encode("utf-16-le"),
    } <= forms.all
