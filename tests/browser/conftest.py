"""The console in a real browser: Debian's Chromium, which reaches the server under test and nothing else."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pyarrow.parquet as pq
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, async_playwright

from models.data.folder import write_folder
from models.data.sample_shop import generate_shop
from tests.chromium import OPTIONS, chromium_program
from tests.conftest import QUICK_NETWORK

USERS, ITEMS, ROWS = 300, 120, 9000
VIEWER, ITEM = "visitor-001", "p003"
"""A user and an item of the shop."""
AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text(encoding="utf-8")
STARTED_WITHIN = 60.0
WIDTHS = {"wide": (1280, 800), "phone": (390, 844)}
_ABORTED, _TOLD_OF_ABORTED = "net::ERR_ABORTED", ("htmx:afterRequest", "htmx:sendAbort")
SERIOUS = {"serious", "critical"}
MakeOnce = Callable[[str, Callable[[Path], None]], Path]


class Shop(NamedTuple):
    """A server that runs, its folder, a client of it, and the users of its log."""

    url: str
    folder: Path
    client: httpx.Client
    users: list[str]


def _braid(folder: Path, *arguments: object, **more: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *map(str, arguments)],
        cwd=folder,
        env=_environment(folder) | more,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr


def _environment(folder: Path) -> dict[str, str]:
    own = {"BRAID_DATABASE_URL": f"sqlite:///{folder}/shop.sqlite3", "BRAID_BUNDLES": str(folder / "bundles")}
    return {**os.environ, **own, "BRAID_IMPORTS": str(folder / "imports")}


@pytest.fixture(scope="session")
def trained_shop(once: MakeOnce) -> Path:
    """Import a generated shop and train on it once for all processes of a run."""

    def fill(draft: Path) -> None:
        write_folder(draft / "data", generate_shop(USERS, ITEMS, ROWS, seed=1))
        _braid(draft, "migrate")
        _braid(draft, "import", draft / "data")
        _braid(draft, "train", "--budget", 1, BRAID_NETWORK=QUICK_NETWORK)

    return once("browser-shop", fill)


@pytest.fixture(scope="module")
def shop(trained_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Serve a copy of the shop."""
    folder = tmp_path_factory.mktemp("shop") / "shop"
    shutil.copytree(trained_shop, folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    written = folder / "server.log"
    with written.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "serve", "--port", str(port)],
            cwd=folder,
            env=_environment(folder),
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, timeout=20) as client:
            _wait(client, process, written)
            log = pq.read_table(folder / "data/interactions.parquet", columns=["user_id"])
            yield Shop(url, folder, client, log["user_id"].unique().to_pylist())
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, written.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    assert "Traceback" not in written.read_text()


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTED_WITHIN
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    pytest.fail(f"the server is not ready within {STARTED_WITHIN} s:\n{log.read_text()}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium."""
    found = chromium_program()
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=found, args=OPTIONS)
        yield started
        await started.close()


class Visit:
    """A page of the server in a window, and what went wrong on it.

    Parameters
    ----------
    page
        A page of the browser.
    url
        The address of the server; requests to others are refused, and count as wrong.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self.wrong: list[str] = []
        page.on("console", lambda said: self._note(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("requestfailed", lambda request: self._note(f"{request.method} {request.url}: {request.failure}"))
        page.on(
            "response", lambda answer: self._note(f"{answer.status} {answer.url}") if answer.status >= 400 else None
        )

    async def begin(self) -> None:
        """Refuse all that is not of the server."""
        await self.page.route("**/*", self._own_alone)

    async def _own_alone(self, route: Route) -> None:
        if route.request.url.startswith((self._url, "data:", "blob:")):
            await route.continue_()
        else:
            self._note(f"a request to another host: {route.request.url}")
            await route.abort()

    def _note(self, text: str) -> None:
        # What was under way ends where the page is left, or a newer request takes its place.
        if not (text.endswith(_ABORTED) or text.startswith(_TOLD_OF_ABORTED)):
            self.wrong.append(text)

    async def open(self, path: str) -> None:
        """Open a page, and wait until nothing is loading."""
        await self.page.goto(self._url + path)
        await self.page.wait_for_load_state("networkidle")

    async def serious_problems(self) -> list[str]:
        """Return what axe-core finds of serious impact, with the first element of each."""
        await self.page.evaluate(AXE)
        found: dict[str, Any] = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {one['help']}: {json.dumps(one['nodes'][0]['html'])[:300]}"
            for one in found["violations"]
            if one["impact"] in SERIOUS
        ]

    async def is_cut_off(self) -> bool:
        """Return whether the page is wider than the window."""
        return bool(await self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


Visits = Callable[..., Awaitable[Visit]]


@pytest_asyncio.fixture(loop_scope="module")
async def visit(browser: Browser, shop: Shop) -> AsyncIterator[Visits]:
    """Open windows; at the end nothing may have gone wrong in one."""
    opened: list[Visit] = []

    async def make(size: str = "wide", *, dark: bool = False) -> Visit:
        width, height = WIDTHS[size]
        context = await browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        # Scripts of the test itself are no part of the page, whose policy forbids them.
        one = Visit(await context.new_page(), shop.url)
        await one.begin()
        opened.append(one)
        return one

    yield make
    for one in opened:
        await one.page.context.close()
    assert [text for one in opened for text in one.wrong] == []


@pytest_asyncio.fixture(loop_scope="module")
async def browser_without_scripts(browser: Browser) -> AsyncIterator[Page]:
    """Open a window that runs no scripts."""
    context = await browser.new_context(java_script_enabled=False)
    yield await context.new_page()
    await context.close()


@pytest.fixture(scope="session")
def screenshots(repository: Path) -> Path:
    """Where pictures of the pages are kept."""
    folder = Path(os.environ.get("BRAID_TEST_SCREENSHOTS", repository / "var/screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
