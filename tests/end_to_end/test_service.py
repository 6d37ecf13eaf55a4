"""The whole path in real processes: migrate, import, train, serve, recommend, interact, recommend."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.data.folder import DataSet, write_folder
from models.data.synthetic import generate

FOLLOWED_WITHIN = 5.0


@pytest.fixture(scope="module")
def dataset() -> DataSet:
    return generate(120, 60, 2400, seed=3, groups=3)


def had(dataset: DataSet, user: str) -> set[str]:
    return {row["item_id"] for row in dataset.interactions.to_pylist() if row["user_id"] == user}


def ask(client: httpx.Client, user: str) -> dict[str, Any]:
    answer = client.get(f"/recommend/{user}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
def test_from_an_empty_database_to_personal_recommendations(
    braid: Callable[..., Any],
    running: Callable[..., Any],
    make_database: Callable[..., str],
    backend: str,
    dataset: DataSet,
    tmp_path: Path,
) -> None:
    settings = {"BRAID_DATABASE_URL": make_database(migrated=False), "BRAID_BUNDLES": tmp_path / "bundles"}
    write_folder(tmp_path / "data", dataset)
    for command in (("migrate",), ("import", "data"), ("train",)):
        done = braid(*command, timeout=120, **settings)
        assert done.returncode == 0, done.stderr
    version = next(path.parent.name for path in (tmp_path / "bundles").glob("*/manifest.json"))
    workers = 2 if backend == "sqlite" else 1
    with running("serve", "--workers", workers, **settings) as (client, _):
        assert client.get("/health/ready").json()["checks"]["bundle"] == {"status": "ok", "detail": version}
        known = ask(client, "u007")
        assert (known["strategy"], known["bundle_version"]) == ("personalized", version)
        assert len(known["items"]) == 10
        assert not had(dataset, "u007") & {item["item_id"] for item in known["items"]}

        before = ask(client, "somebody-new")
        assert before["strategy"] == "popular"
        item = before["items"][3]["item_id"]
        body = {"user_id": "somebody-new", "item_id": item, "event_type": "view", "event_id": "first"}
        stored = client.post("/interactions", json=body)
        assert (stored.status_code, stored.json()["status"]) == (201, "stored")
        repeat = client.post("/interactions", json=body)
        assert (repeat.status_code, repeat.json()) == (200, {**stored.json(), "status": "repeat"})

        # With two workers any of them may answer: all read what was committed.
        for _ in range(4):
            after = ask(client, "somebody-new")
            assert after["strategy"] == "personalized"
            assert [one["item_id"] for one in after["items"]] != [one["item_id"] for one in before["items"]]
            assert item not in {one["item_id"] for one in after["items"]}


def test_a_server_follows_a_training_run(
    braid: Callable[..., Any], running: Callable[..., Any], dataset: DataSet, tmp_path: Path
) -> None:
    write_folder(tmp_path / "data", dataset)
    braid("migrate")
    braid("import", "data")
    with running("serve") as (client, _):
        assert ask(client, "u007")["strategy"] == "popular"
        assert braid("train", timeout=120).returncode == 0
        until = time.monotonic() + FOLLOWED_WITHIN
        while ask(client, "u007")["strategy"] != "personalized":
            assert time.monotonic() < until, "the bundle was not picked up"
            time.sleep(0.1)
