"""A real browser: Debian's Chromium, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright

REQUIRED = "BRAID_TEST_REQUIRE_CHROMIUM"
OPTIONS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# Tests run beside each other: a page is slower then.
expect.set_options(timeout=15_000)


def chromium_program() -> str:
    """Return where Chromium is; skip the test where there is none."""
    found = shutil.which("chromium")
    if found is None:
        missing = "Chromium is not installed: apt-get install chromium"
        if os.environ.get(REQUIRED):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@contextmanager
def running_browser() -> Iterator[Browser]:
    """Run a browser without a window."""
    program = chromium_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A visitor's pages, and what went wrong in them or left the machine."""

    context: BrowserContext
    page: Page
    troubles: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Note what a page complains about, what fails, and what is asked of other hosts."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        page.on("requestfailed", self._on_failed)
        page.on("response", lambda one: self.troubles.append(f"{one.status} {one.url}") if one.status >= 400 else None)
        page.on("request", lambda one: self._look_at(one.url))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.troubles.append(f"console: {message.text}")

    def _on_failed(self, request: Request) -> None:
        # A post with `keepalive` goes on when its page is left, and is told as aborted: tests look for it in the log.
        if (request.method, request.failure) != ("POST", "net::ERR_ABORTED"):
            self.troubles.append(f"failed: {request.method} {request.url} {request.failure}")

    def _look_at(self, url: str) -> None:
        if not url.startswith(("http://127.0.0.1:", "data:")):
            self.troubles.append(f"another host: {url}")


@contextmanager
def visitor(browser: Browser, **options: object) -> Iterator[Watched]:
    """Open a page for a new visitor."""
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    watched = Watched(context, context.new_page())
    watched.watch(watched.page)
    try:
        yield watched
    finally:
        context.close()
