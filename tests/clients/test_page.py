"""Every example of docs/clients.md runs, against a real server."""

import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from braid_client import Braid
from playwright.sync_api import expect

from tests.chromium import running_browser, visitor
from tests.clients.conftest import Served

Blocks = dict[str, list[str]]


@pytest.fixture(scope="module")
def blocks(repository: Path) -> Blocks:
    """Give the blocks of the page by language."""
    text = (repository / "docs/clients.md").read_text(encoding="utf-8")
    found: Blocks = {}
    for language, block in re.findall(r"(?ms)^```(\w*)\n(.*?)^```$", text):
        found.setdefault(language, []).append(block)
    return found


def at(block: str, served: Served) -> str:
    """Ask the test's server in place of the page's."""
    return (
        block.replace("http://127.0.0.1:8000", served.url)
        .replace("braid_sk_...", served.key)
        .replace("braid_pk_...", served.page_key)
    )


def test_the_page_has_no_other_blocks(blocks: Blocks) -> None:
    assert {language: len(found) for language, found in blocks.items()} == {
        "sh": 2,
        "python": 4,
        "ts": 1,
        "html": 1,
        "js": 1,
    }


@pytest.mark.parametrize(
    ("number", "printed"),
    [
        (0, r"1 Trail shoe Peak\n"),
        (1, r"\['\w+', '\w+'\]\n"),
        (2, r"sold 422 unknown_event_type: the service refused this interaction; event_type: .+\n"),
        (3, ""),
    ],
)
def test_python(blocks: Blocks, served: Served, repository: Path, number: int, printed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", at(blocks["python"][number], served)],
        env={**os.environ, "PYTHONPATH": str(repository / "clients/python/src")},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    if number != 2:
        assert done.stderr == ""
    assert re.fullmatch(printed, done.stdout), done.stdout


@pytest.mark.slow
def test_python_is_installed(blocks: Blocks, repository: Path, tmp_path: Path) -> None:
    (line,) = blocks["sh"][0].splitlines()
    assert line.startswith("pip install ")
    command = [
        sys.executable,
        "-m",
        *line.split(),
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--target",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "braid_client/py.typed").exists()


@pytest.mark.slow
def test_typescript(
    blocks: Blocks, served: Served, repository: Path, node_modules: Path, typescript: Path, tmp_path: Path
) -> None:
    fetch, build, install = (line.split() for line in blocks["sh"][1].splitlines())
    # What is there stays as it is: `ci` would remove it first. `typescript` has run the second line.
    subprocess.run([*fetch, "--dry-run", "--offline"], cwd=repository, check=True, capture_output=True)
    assert build == ["npm", "--prefix", "clients", "run", "build"]
    assert install == ["npm", "install", "./clients/typescript"]
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    command = ["npm", "install", "--offline", "--no-audit", "--no-fund", str(typescript)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "example.ts").write_text(at(blocks["ts"][0], served), encoding="utf-8")
    options = ["--module", "nodenext", "--target", "es2022", "--strict", "--skipLibCheck"]
    compiler = [str(node_modules / ".bin/tsc"), *options, "example.ts"]
    done = subprocess.run(compiler, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    ran = subprocess.run(["node", "example.js"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("[")


@contextmanager
def pages(folder: Path, origin: str) -> Iterator[None]:
    """Serve the files of a folder at an origin."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))  # type: ignore[arg-type]

        def log_message(self, *arguments: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(origin.rpartition(":")[2])), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_snippet(blocks: Blocks, served: Served, repository: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(blocks["html"][0], encoding="utf-8")
    (tmp_path / "for-you.js").write_text(at(blocks["js"][0], served), encoding="utf-8")
    (tmp_path / "favicon.ico").touch()
    shutil.copy(repository / "clients/browser/braid.min.js", tmp_path)
    with (
        Braid(served.url, served.key) as braid,
        pages(tmp_path, served.origin),
        running_browser() as browser,
        visitor(browser) as watched,
    ):
        for number in range(3):
            braid.put_item(f"page-{number}", title=f"On a page {number}", url=f"/?item={number}")
            # More than what other tests have posted to the server that they share.
            braid.post_interactions(
                [{"user_id": f"reader-{n}", "item_id": f"page-{number}", "event_type": "purchase"} for n in range(500)]
            )
        with watched.page.expect_response(lambda one: one.url.endswith("/interactions")) as posted:
            watched.page.goto(served.origin)
        assert posted.value.status == 201
        assert '"event_type":"shown"' in str(posted.value.request.post_data)
        link = watched.page.locator("#for-you a.braid-item", has_text="On a page 1")
        expect(link).to_have_attribute("href", "/?item=1")
        link.click()
        watched.page.wait_for_url("**/?item=1")
        assert watched.troubles == []
        # Somebody who clicks before anything was posted: the browser asks whether it may, after the page was left.
        with visitor(browser) as hasty:
            hasty.page.goto(served.origin)
            hasty.page.locator("#for-you a.braid-item", has_text="On a page 2").click()
            hasty.page.wait_for_url("**/?item=2")
            for one, item in ((watched, "page-1"), (hasty, "page-2")):
                user = one.page.evaluate("JSON.parse(localStorage.braid).user_id")
                assert ("click", item) in eventually(braid, user)
            assert hasty.troubles == []


def eventually(braid: Braid, user: str) -> set[tuple[str, str]]:
    """Give what a visitor did, once there is a click."""
    until = time.monotonic() + 10
    while True:
        done = {(row["event_type"], row["item_id"]) for row in braid.list_interactions(user)["items"]}
        if "click" in dict(done) or time.monotonic() > until:
            return done
        time.sleep(0.05)
