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


def followed(client: httpx.Client, user: str) -> dict[str, Any]:
    """Wait until every worker has the bundle: any of them may answer."""
    until = time.monotonic() + FOLLOWED_WITHIN
    alike = 0
    while alike < 10:
        answer = ask(client, user)
        alike = alike + 1 if answer["strategy"] == "personalized" else 0
        if not alike:
            assert time.monotonic() < until, "the bundle was not picked up"
            time.sleep(0.1)
    return answer


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_from_an_empty_database_to_personal_recommendations(
    braid: Callable[..., Any],
    running: Callable[..., Any],
    make_database: Callable[..., str],
    dataset: DataSet,
    tmp_path: Path,
) -> None:
    """The server runs before there is a bundle, and follows the training run."""
    settings = {"BRAID_DATABASE_URL": make_database(migrated=False), "BRAID_BUNDLES": tmp_path / "bundles"}
    write_folder(tmp_path / "data", dataset)

    def command(*arguments: object) -> None:
        done = braid(*arguments, timeout=120, **settings)
        assert done.returncode == 0, done.stderr

    command("migrate")
    command("import", "data")
    with running("serve", "--workers", 2, **settings) as (client, _):
        assert ask(client, "u007")["bundle_version"] is None
        command("train", "--budget", 0)
        version = next(path.parent.name for path in (tmp_path / "bundles").glob("*/manifest.json"))
        known = followed(client, "u007")
        assert client.get("/health/ready").json()["checks"]["bundle"] == {"status": "ok", "detail": version}
        assert known["bundle_version"] == version
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
