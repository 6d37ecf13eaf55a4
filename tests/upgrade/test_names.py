"""What others rely on keeps its name: a rename in code reaches no setting, metric, call, column or bundle."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from make_release_fixture import arrays, error_codes
from release_contract import api_names, keys, metric_names, required_names
from sqlalchemy import inspect

from app.config import Settings
from app.main import create_app
from app.storage.database import Database
from models.bundle.store import BundleStore
from models.ranking.config import RankingConfig
from models.ranking.ranker import Ranker
from models.training.recipe import Recipe
from tests.upgrade.installation import Installation, Names, Serve

_REMOVED, _REMOVES = "DELETE /interactions/{number}", "DELETE /interactions/{interaction_id}"
ALIASES: dict[str, str] = {
    # What stands in braces is a word of the document: no client sends it.
    **{f"{_REMOVED}{part}": f"{_REMOVES}{part}" for part in ("", " 204", " 404", " 422", " 500", " 503")},
    f"{_REMOVED} path number": f"{_REMOVES} path interaction_id",
}
"""Names of the release before, and those that replaced them and are understood for one release more."""
SQLITE_ONLY = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
NEW_ARRAYS = {"popularity_ages", "popularity_flow"}
"""Arrays that the release did not write; without them a bundle serves as before."""
BESIDE = {"item_ids", "user_ids", "scaler_mean", "scaler_scale"}


def missing(recorded: Iterable[str], found: Iterable[str]) -> list[str]:
    """Name what is gone without an alias."""
    there = set(found)
    return sorted(name for name in recorded if name not in there and ALIASES.get(name) not in there)


def test_a_name_that_is_gone_is_missed_unless_it_has_an_alias(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing(["a", "b"], ["b", "c"]) == ["a"]
    monkeypatch.setitem(ALIASES, "a", "c")
    assert missing(["a", "b"], ["b", "c"]) == []


def test_settings_and_error_codes_keep_their_names(names: Names) -> None:
    assert missing(names["settings"], (f"BRAID_{name.upper()}" for name in Settings.model_fields)) == []
    assert missing(names["error codes"], error_codes()) == []


def test_calls_parameters_fields_and_their_values_keep_their_names(names: Names) -> None:
    openapi = create_app(Settings(database_url="sqlite://", log_level="error")).openapi()
    assert missing(names["API"], api_names(openapi)) == []
    asked_for = required_names(openapi) - set(names["required by the API"])
    assert [name for name in asked_for if concerns_old_requests(name, names["API"])] == []


def concerns_old_requests(name: str, known: list[str]) -> bool:
    """Tell whether a request of the release before would now lack a field: one within a new field it cannot lack."""
    place, call = name.rpartition(".")[0], " ".join(name.split()[:2])
    at_the_top = not place or place.endswith(" ")
    return name in known or (call in known if at_the_top else place.rstrip("[]{}") in known)


@SQLITE_ONLY
async def test_metrics_keep_their_names_and_labels(names: Names, upgraded: Installation, serve: Serve) -> None:
    async with serve() as client:
        await ask_for_everything(client, upgraded)
        found = metric_names((await client.get("/metrics")).text)
    assert missing(names["metrics"], found) == []


async def ask_for_everything(client: httpx.AsyncClient, installation: Installation) -> None:
    """Have every metric counted once: some labels are there only then."""
    for one in installation.answers:
        await client.request(one["method"], one["path"], json=one["body"])


async def test_tables_and_columns_keep_their_names(names: Names, upgraded: Installation) -> None:
    database = Database(upgraded.url)
    async with database.begin() as connection:
        found = await connection.run_sync(
            lambda plain: [
                f"{table}.{column['name']}"
                for table in inspect(plain).get_table_names()
                for column in inspect(plain).get_columns(table)
            ]
        )
    await database.close()
    assert missing(names["columns"], found) == []


def test_arrays_of_all_recommenders_keep_their_names(names: Names) -> None:
    assert missing(names["arrays"], arrays()) == []


def test_what_a_bundle_holds_is_written_under_the_names_it_is_read_by(release: Path) -> None:
    store = BundleStore(release / "bundles")
    bundle = store.load_active()
    assert bundle is not None
    ranker = Ranker.load(bundle)
    written = {**ranker.retriever.arrays(), **ranker.knowledge.arrays()}
    for part in ranker.recommenders.values():
        written |= part.arrays()
    written |= {} if ranker.repeats is None else ranker.repeats.arrays()
    assert {*written, *BESIDE} - set(bundle.arrays) == NEW_ARRAYS
    assert set(bundle.arrays) <= {*written, *BESIDE}


def test_settings_in_a_bundle_keep_their_names_and_values(release: Path) -> None:
    (path,) = (release / "bundles").glob("*/manifest.json")
    document = json.loads(path.read_bytes())
    for name, kind in (("settings", RankingConfig), ("recipe", Recipe)):
        again = kind.model_validate(document[name]).model_dump(mode="json")
        assert missing(keys(document[name]), keys(again)) == []
        assert within(document[name], again)


def within(old: Any, new: Any) -> bool:
    """Tell whether all that the release wrote is read with its value; there may be more."""
    if isinstance(old, dict) and isinstance(new, dict):
        return all(key in new and within(value, new[key]) for key, value in old.items())
    return bool(old == new)
