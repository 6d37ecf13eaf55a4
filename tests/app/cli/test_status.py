"""`braid status`: what it shows, with a server and without, and its exit code."""

import json
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest

Braid = Callable[..., subprocess.CompletedProcess[str]]
OK = {"status": "ok", "detail": ""}


@pytest.fixture
def braid(braid_here: Braid, isolated: Path, sqlite_template: Path) -> Braid:
    (isolated / "var").mkdir()
    shutil.copyfile(sqlite_template, isolated / "var/braid.sqlite3")
    return braid_here


@contextmanager
def answering(code: int, checks: dict[str, Any]) -> Iterator[str]:
    """Run a server that says of itself whether it is ready."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = orjson.dumps({"status": "ok", "checks": checks})
            self.send_response(code if self.path == "/health/ready" else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def found(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode in {0, 1}, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == bool(document["attention"])
    return document


def names(document: dict[str, Any]) -> list[str]:
    return [one["name"] for one in document["attention"]]


def test_without_a_server_and_without_data_it_says_what_comes_first(braid: Braid, free_port: int) -> None:
    document = found(braid("status", "--json", BRAID_PORT=free_port))
    assert document["server"]["state"] == "no answer"
    assert names(document) == ["server", "bundle"]
    server, bundle = (one["detail"] for one in document["attention"])
    assert server.startswith(f"http://127.0.0.1:{free_port}: no server answers")
    assert "start it with `braid serve`" in server
    assert "no interactions yet: `braid import FOLDER`" in bundle
    assert document["database"]["interactions"] == 0
    assert document["disks"][0]["free_bytes"] > 0


def test_without_a_database_it_says_what_makes_one_and_makes_none(braid_here: Braid, isolated: Path) -> None:
    document = found(braid_here("status", "--json", "--no-server"))
    assert "run `braid migrate`" in document["attention"][0]["detail"]
    assert (document["database"]["answers"], document["training"]) == (False, None)
    assert list(isolated.iterdir()) == []


def test_what_is_as_it_should_be_ends_with_0(
    braid: Braid, isolated: Path, trained_bundles: Path, tmp_path: Path
) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id,event_type,timestamp\nu,i,view,1772366400\n")
    assert braid("import", tmp_path / "log.csv").returncode == 0
    shutil.copytree(trained_bundles, isolated / "var/bundles")
    with answering(200, {"database": OK}) as url:
        document = found(braid("status", "--json", "--url", url))
        assert (document["server"]["state"], document["attention"]) == ("ready", [])
        bundle = document["bundle"]
        assert bundle["version"] == (trained_bundles / "CURRENT").read_text().strip()
        assert bundle["says"].startswith("Braid finds ")
        assert set(bundle["metrics"]) == {"braid", "popularity"}
        assert Path(bundle["report"]).is_file()
        assert document["database"]["newest_interaction"] == "2026-03-01T12:00:00Z"
        done = braid("status", "--url", url)
        assert (done.returncode, done.stderr) == (0, "")
        for said in ("ready", "1 interactions, 1 users, 1 items", "2026-03-01 12:00 UTC", bundle["says"], "made "):
            assert said in done.stdout
        assert done.stdout.endswith("Nothing needs attention.\n")


def test_a_server_that_is_not_ready_is_named_with_the_checks_that_failed(braid: Braid) -> None:
    with answering(503, {"database": {"status": "failed", "detail": "gone"}, "bundle": OK}) as url:
        document = found(braid("status", "--json", "--url", url))
    assert document["server"]["state"] == "not ready"
    assert document["attention"][0] == {"name": "server", "detail": f"{url}: is not ready: database (gone)"}


def test_what_only_the_server_knows_is_passed_on(braid: Braid) -> None:
    with answering(200, {"change_feed": {"status": "degraded", "detail": "9 s behind"}, "training": OK}) as url:
        document = found(braid("status", "--json", "--url", url))
    assert {"name": "server", "detail": f"{url}: change_feed (9 s behind)"} in document["attention"]


def test_another_server_at_the_address_is_no_braid(braid: Braid) -> None:
    with answering(404, {}) as url:
        document = found(braid("status", "--json", "--url", f"{url}/other"))
    assert "it answers 404, which is no answer of Braid" in document["attention"][0]["detail"]


def test_jobs_that_wait_and_the_newest_one_are_shown(braid: Braid) -> None:
    assert braid("train", "--enqueue").returncode == 0
    document = found(braid("status", "--json", "--no-server"))
    assert (document["training"]["queued"], document["training"]["last"]["status"]) == (1, "queued")
    assert "newest job: queued" in braid("status", "--no-server").stdout


def test_a_bundle_that_cannot_be_read_is_named(braid: Braid, isolated: Path) -> None:
    (isolated / "var/bundles").mkdir()
    (isolated / "var/bundles/CURRENT").write_text("20260301T120000000000Z\n")
    document = found(braid("status", "--json", "--no-server"))
    assert document["bundle"]["version"] == "20260301T120000000000Z"
    assert "there is no such bundle" in document["attention"][0]["detail"]


@pytest.mark.parametrize("arguments", [("--url", "nowhere"), ("--url", "http://127.0.0.1", "--no-server")])
def test_what_is_no_address_is_wrong_usage(braid: Braid, arguments: tuple[str, ...]) -> None:
    done = braid("status", *arguments)
    assert (done.returncode, "--url" in done.stderr) == (2, True)
