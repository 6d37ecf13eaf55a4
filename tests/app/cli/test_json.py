"""With `--json` a command prints one document on standard output, and nothing else there."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from app.cli.main import Braid as Commands
from app.cli.main import cli
from tests.conftest import QUICK_NETWORK

Completed = subprocess.CompletedProcess[str]
Braid = Callable[..., Completed]
WITHOUT = {("demo",), ("serve",), ("worker",)}
"""Commands that run until they are stopped."""
LOG = "user_id,item_id,event_type,timestamp\nu,i,view,1772366400\nu,j,bought,1772366401\nv,i,view,1772366402\n"


@pytest.fixture
def braid(braid_here: Braid, isolated: Path, sqlite_template: Path) -> Braid:
    (isolated / "var").mkdir()
    shutil.copyfile(sqlite_template, isolated / "var/braid.sqlite3")
    (isolated / "log.csv").write_text(LOG)
    return braid_here


def document(done: Completed, code: int = 0) -> Any:
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def paths() -> list[tuple[str, ...]]:
    whole = typer.main.get_command(cli)
    assert isinstance(whole, TyperGroup)
    found: list[tuple[str, ...]] = []
    for name in Commands.lazy:
        command: Any = whole.get_command(typer.Context(whole), name)
        inner = getattr(command, "commands", {})
        found += [(name, one) for one in inner] if inner else [(name,)]
    return found


@pytest.mark.parametrize("path", paths(), ids=" ".join)
def test_every_command_that_ends_has_the_option(braid_here: Braid, path: tuple[str, ...]) -> None:
    told = braid_here(*path, "--help").stdout
    assert ("--json" in told) == (path not in WITHOUT)
    assert "Exit codes: 0 done; 1 " in " ".join(told.split())


def test_an_import_counts_its_rows_and_shows_those_that_were_left_out(braid: Braid) -> None:
    found = document(braid("import", "log.csv", "--dry-run", "--json"))
    assert (found["dry_run"], found["interactions"]["read"], found["interactions"]["kept"]) == (True, 3, 2)
    done = braid("import", "log.csv", "--json")
    found = document(done)
    assert (found["source"], found["items"], found["imported_before"]) == ("log.csv", None, None)
    assert found["interactions"] == {"read": 3, "kept": 2, "new": 2, "dropped": {"event_type unknown": 1}}
    assert found["examples"][0]["line"] == 3
    assert "the event type 'bought' (1 of the first rows) is none of" in done.stderr
    again = document(braid("import", "log.csv", "--json"))
    assert again["imported_before"].endswith("Z")


def test_keys_are_documents(braid: Braid) -> None:
    made = document(braid("key", "create", "--name", "shop", "--scope", "read", "--json"))
    assert made["key"].startswith("braid_sk_")
    (listed,) = document(braid("key", "list", "--json"))["items"]
    assert (listed["key_id"], "key" in listed) == (made["key_id"], False)
    other = document(braid("key", "rotate", made["key_id"], "--json"))
    assert other["key_id"] != made["key_id"]
    assert document(braid("key", "revoke", other["key_id"], "--json")) == {"key_id": other["key_id"], "revoked": True}


def test_a_migration_is_a_document(braid_here: Braid, isolated: Path) -> None:
    planned = document(braid_here("migrate", "--dry-run", "--json"))
    assert (planned["before"], planned["dry_run"]) == (None, True)
    done = document(braid_here("migrate", "--first-key", "--json"))
    assert (done["before"], done["after"]) == (None, planned["after"])
    assert done["first_key"]["key"].startswith("braid_sk_")
    again = document(braid_here("migrate", "--first-key", "--json"))
    assert (again["before"], again["first_key"]) == (again["after"], None)


def test_bundles_exports_and_the_search_for_an_id_are_documents(
    braid: Braid, isolated: Path, trained_bundles: Path
) -> None:
    document(braid("import", "log.csv", "--json"))
    shutil.copytree(trained_bundles, isolated / "var/bundles")
    (bundle,) = document(braid("bundles", "--json"))["items"]
    assert bundle["active"]
    activated = document(braid("bundles", "activate", bundle["version"], "--force", "--json"))
    assert (activated["version"], activated["activated_by"]) == (bundle["version"], "command")
    folder = document(braid("export", "folder", "out", "--json"))
    assert folder == {"folder": "out", "interactions": 2, "items": 0, "users": 0}
    lists = document(braid("export", "recommendations", "--json"))
    assert (lists["output"], lists["bundle_version"]) == ("recommendations.parquet", bundle["version"])
    searched = document(braid("erase-proof", "u", "--json"), code=1)
    assert (searched["clean"], any(one["found"] for one in searched["places"])) == (False, True)
    absent = document(braid("erase-proof", "nobody-of-this-name", "--json"))
    assert absent["clean"]


def test_a_job_is_a_document(braid: Braid) -> None:
    job = document(braid("train", "--enqueue", "--json"))
    assert (job["status"], job["origin"]) == ("queued", "command")


def test_vectors_are_counted(braid: Braid, isolated: Path) -> None:
    (isolated / "items.csv").write_text(
        "item_id,title\n" + "".join(f"i{n},Shoe {n} blue walking\nj{n},Tent {n} green\n" for n in range(6))
    )
    document(braid("import", "items.csv", "--json"))
    found = document(braid("embed", "--length", "2", "--json"))
    assert (found["attribute"], found["items"], found["without_text"]) == ("embedding", 12, 0)


def test_a_training_and_an_evaluation_are_documents(braid: Braid, isolated: Path) -> None:
    rows = [
        f"u{user},i{(user * step) % 11},view,{1772366400 + 60 * step + user}"
        for user in range(40)
        for step in range(1, 7)
    ]
    (isolated / "interactions.csv").write_text("user_id,item_id,event_type,timestamp\n" + "\n".join(rows) + "\n")
    report = document(
        braid("evaluate", ".", "--budget", "0", "--only", "item_knn", "--json", BRAID_NETWORK=QUICK_NETWORK)
    )
    assert {"braid", "item_knn", "popularity"} <= set(report["metrics"])
    document(braid("import", "interactions.csv", "--json"))
    done = braid("train", "--budget", "0", "--json", BRAID_NETWORK=QUICK_NETWORK)
    found = json.loads(done.stdout)
    assert done.returncode == (0 if found["active"] else 1), done.stderr
    assert found["says"].startswith("Braid finds ")
    assert found["gate"]["passed"] == found["active"]
    assert Path(found["report"]).is_file()


def test_an_error_leaves_standard_output_empty(braid_here: Braid, isolated: Path) -> None:
    done = braid_here("bundles", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("braid: ")
