"""`braid doctor`: what it finds, and that it changes nothing."""

import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

Braid = Callable[..., subprocess.CompletedProcess[str]]
Look = Callable[..., dict[str, tuple[str, str]]]
LATER = 4_000_000_000_000_000


@pytest.fixture
def look(braid_here: Braid, isolated: Path) -> Look:
    """Give the status and the detail of each check; the exit code must fit them."""

    def run(**settings: object) -> dict[str, tuple[str, str]]:
        done = braid_here("doctor", "--json", **settings)
        found = {one["name"]: (one["status"], one["detail"]) for one in json.loads(done.stdout)}
        assert done.returncode == any(status == "failed" for status, _ in found.values())
        return found

    return run


@pytest.fixture
def database(isolated: Path, sqlite_template: Path) -> sqlite3.Connection:
    (isolated / "var").mkdir()
    shutil.copyfile(sqlite_template, isolated / "var/braid.sqlite3")
    return sqlite3.connect("var/braid.sqlite3", isolation_level=None)


def test_without_a_database_it_says_what_makes_one_and_makes_none(look: Look, isolated: Path) -> None:
    found = look()
    assert found["migrations"][0] == "failed"
    assert "run `braid migrate`" in found["migrations"][1]
    assert found["ids"] == ("warning", "unknown until the database answers and has the right tables")
    assert list(isolated.iterdir()) == []


def test_a_deployment_as_it_should_be_has_no_warning_but_for_the_bundle(
    look: Look, braid_here: Braid, database: sqlite3.Connection
) -> None:
    database.close()
    found = look()
    assert {name: status for name, (status, _) in found.items() if status != "ok"} == {"bundle": "warning"}
    assert list(found) == [
        *("settings", "database", "migrations", "bundle", "disk", "clock", "workers", "event_types", "ids")
    ]
    lines = braid_here("doctor").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[status, name] for name, (status, _) in found.items()]
    assert "warning  bundle      no bundle yet: `braid train` makes one" in lines


def test_each_finding_says_what_to_do(look: Look, database: sqlite3.Connection) -> None:
    with closing(database):
        rows = [("u", "i", "skip", LATER), ("u", "i", "view", 1)]
        database.executemany(
            "INSERT INTO interactions (user_id, item_id, event_type, timestamp) VALUES (?,?,?,?)", rows
        )
        database.executemany("INSERT INTO users (user_id, attributes) VALUES (?, '{}')", [("Zoë",), ("..",), ("u",)])
        database.execute(
            "INSERT INTO training_jobs (job_id, kind, origin, options, status, attempts, cancelling, created_at)"
            " VALUES ('j', 'full', 'api', '{}', 'queued', 0, 0, 1)"
        )
        found = look(BRAID_TEST_CLOCK="2026-03-01T00:00:00Z")
    assert {name for name, (status, _) in found.items() if status == "warning"} == {
        *("settings", "bundle", "clock", "workers", "event_types", "ids")
    }
    for name, advice in {
        "settings": "unset it outside of tests",
        "clock": "in the future: set this machine's clock",
        "workers": "start `braid worker`",
        "event_types": "BRAID_EVENT_TYPES: skip (1); they count for nothing: name them there",
        "ids": "2 of 3 ids are refused in requests: BRAID_ID_RULE=utf8 takes 1 of them",
    }.items():
        assert advice in found[name][1], name
    assert "'..' of users: no path can name them" in found["ids"][1]


def test_what_cannot_work_fails(look: Look, database: sqlite3.Connection, isolated: Path) -> None:
    database.close()
    assert look(BRAID_PROT="1").keys() == {"settings"}
    (isolated / "scenarios.toml").write_text("[")
    assert look(BRAID_SCENARIOS="scenarios.toml")["settings"][0] == "failed"
    (isolated / "var/bundles").mkdir()
    (isolated / "var/bundles/CURRENT").write_text("20260301T120000000000Z\n")
    status, detail = look()["bundle"]
    assert (status, "activate another version" in detail) == ("failed", True)


def test_a_lock_is_found(look: Look, database: sqlite3.Connection) -> None:
    with closing(database):
        database.execute("BEGIN IMMEDIATE")
        status, detail = look()["disk"]
    assert (status, "find the process that writes" in detail) == ("warning", True)
