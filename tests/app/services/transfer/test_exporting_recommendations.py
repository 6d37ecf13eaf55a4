"""Everybody's recommendations in one file."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fastapi import FastAPI

from app.command_errors import NoBundleError
from app.config import Settings
from app.process import serving_factory, transfer_factory
from app.process.serving_state import ServingState
from app.services.transfer import exporting_recommendations as exporting
from app.services.transfer.exporting_recommendations import SCHEMA, Exported
from models.bundle.store import BundleStore
from models.data.file_chunks import in_memory
from models.data.folder import DataSet
from models.data.progress import silent
from tests.app.writing import store_all

Braid = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
async def filled(state: ServingState, synthetic: DataSet) -> ServingState:
    resources = state.resources
    await transfer_factory.importing(resources).run(in_memory(synthetic), progress=silent)
    row = {"event_type": "view", "event_id": None, "timestamp": 1_800_000_000_000_000}
    await store_all(
        resources.interactions,
        [
            {**row, "user_id": "stranger", "item_id": "never-heard-of"},
            {**row, "user_id": "visitor", "item_id": "i05"},
            {**row, "user_id": "visitor", "item_id": "i07", "event_type": "dislike"},
        ],
    )
    return state


async def test_the_file_holds_what_a_request_would_get(
    bundles: BundleStore, filled: ServingState, application: FastAPI, serve: Callable[[], Any], tmp_path: Path
) -> None:
    await filled.bundle.start()
    path = tmp_path / "out.parquet"
    done = await serving_factory.exporting_recommendations(filled).recommendations(path, 7, silent)
    table = pq.read_table(path)
    assert table.schema.equals(SCHEMA)
    assert done == Exported(122, table.num_rows, bundles.active_version() or "")
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in table.to_pylist():
        rows.setdefault(row["user_id"], []).append(row)
    assert len(rows) == 122
    # The export has no deadline: on a busy machine the network would be missing from some answers.
    application.state.settings = application.state.settings.model_copy(update={"deadline_ms": 60_000})
    async with serve() as client:
        for user_id in ("stranger", "visitor", *sorted(rows)[:40]):
            answer = (await client.get(f"/recommend/{user_id}", params={"limit": 7})).json()
            assert [(row["item_id"], row["score"], row["rank"]) for row in rows[user_id]] == [
                (item["item_id"], item["score"], item["rank"]) for item in answer["items"]
            ]
            assert {row["strategy"] for row in rows[user_id]} == {answer["strategy"]}
            assert {row["bundle_version"] for row in rows[user_id]} == {answer["bundle_version"]}
    assert {row["strategy"] for row in rows["stranger"]} == {"popular"}


async def test_it_is_written_in_parts_and_memory_stays_bounded(
    bundles: BundleStore, filled: ServingState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled.bundle.start()
    whole, parted = tmp_path / "whole.parquet", tmp_path / "parted.parquet"
    shares: list[float] = []
    await serving_factory.exporting_recommendations(filled).recommendations(whole, 5, silent)
    monkeypatch.setattr(exporting, "_USERS_AT_ONCE", 10)
    monkeypatch.setattr(exporting, "_ROWS_A_GROUP", 100)
    await serving_factory.exporting_recommendations(filled).recommendations(
        parted, 5, lambda _, share: shares.append(share)
    )
    assert pq.ParquetFile(parted).num_row_groups == 7
    assert pq.read_table(parted).equals(pq.read_table(whole))
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


async def test_an_old_file_stays_until_the_new_one_is_complete(
    bundles: BundleStore, filled: ServingState, tmp_path: Path
) -> None:
    await filled.bundle.start()
    path = tmp_path / "out" / "list.parquet"
    path.parent.mkdir()
    path.write_text("old")

    def fail(_phase: str, share: float) -> None:
        if share >= 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await serving_factory.exporting_recommendations(filled).recommendations(path, 5, fail)
    assert path.read_text() == "old"
    assert [each.name for each in path.parent.iterdir()] == ["list.parquet"]
    with pytest.raises(IsADirectoryError):
        await serving_factory.exporting_recommendations(filled).recommendations(path.parent, 5, silent)


async def test_without_a_bundle_there_is_nothing_to_rank_with(state: ServingState, tmp_path: Path) -> None:
    await state.bundle.start()
    with pytest.raises(NoBundleError, match="run `braid train` first"):
        await serving_factory.exporting_recommendations(state).recommendations(tmp_path / "out.parquet", 5, silent)
    assert not list(tmp_path.glob("*out.parquet*"))


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_command_says_what_it_wrote(
    bundles: BundleStore, settings: Settings, braid_here: Braid, synthetic: DataSet, tmp_path: Path
) -> None:
    where = {"BRAID_DATABASE_URL": settings.database_url.replace("+aiosqlite", ""), "BRAID_BUNDLES": settings.bundles}
    empty = braid_here("export", "recommendations", **where)
    assert (empty.returncode, empty.stderr) == (0, "recommendations: done\n")
    assert "recommendations.parquet: 0 recommendations for 0 users" in empty.stdout
    assert pq.read_table(tmp_path / "recommendations.parquet").num_rows == 0
    says = braid_here("export", "recommendations", "--output", "nowhere/out.parquet", **where)
    assert says.returncode == 1
    assert "nowhere" in says.stderr
    assert len(says.stderr.splitlines()) == 1


def test_the_command_without_a_bundle_or_with_wrong_usage(braid_here: Braid) -> None:
    braid_here("migrate")
    done = braid_here("export", "recommendations")
    assert (done.returncode, done.stderr) == (1, "braid: there is no bundle to rank with: run `braid train` first\n")
    assert braid_here("export", "recommendations", "--limit", "0").returncode == 2
    assert "recommendations" in braid_here("export", "--help").stdout
