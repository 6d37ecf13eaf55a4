"""`/guide`: files of the built site, and what is answered where it was not built."""

import base64
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from app.api import guide

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
SCRIPT = "document.title = 'x'"
PAGE = f"<!doctype html><title>Braid</title><script>{SCRIPT}</script><script src='a.js'></script>"


@pytest.fixture
async def site(application: FastAPI, client: httpx.AsyncClient, tmp_path: Path) -> AsyncIterator[Path]:
    """Let the application show a site of two pages."""
    apps = [getattr(route, "app", None) for route in application.routes]
    (mounted,) = [one for one in apps if isinstance(one, guide.Guide)]
    before, mounted._folder = mounted._folder, tmp_path / "site"
    (tmp_path / "site" / "how-to").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text(PAGE)
    (tmp_path / "site" / "how-to" / "index.html").write_text("<h1>é</h1>")
    (tmp_path / "site" / "a.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    yield tmp_path / "site"
    mounted._folder = before


async def test_pages_and_files_have_their_types_and_policies(client: httpx.AsyncClient, site: Path) -> None:
    page = await client.get("/guide/")
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert (page.status_code, page.headers["content-type"], page.text) == (200, "text/html; charset=utf-8", PAGE)
    policy = page.headers["content-security-policy"]
    assert f"script-src 'self' 'sha256-{digest}';" in policy
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    assert len(page.headers.get_list("content-security-policy")) == 1
    inner = await client.get("/guide/how-to/")
    assert inner.text == "<h1>é</h1>"
    script = await client.get("/guide/a.js")
    assert (script.headers["content-type"], script.text) == ("text/javascript; charset=utf-8", "1")


async def test_a_folder_leads_to_its_page_whatever_the_host(client: httpx.AsyncClient, site: Path) -> None:
    for path, target in (("/guide", "/guide/"), ("/guide/how-to", "/guide/how-to/")):
        answer = await client.get(path, headers={"x-forwarded-host": "evil.example"})
        assert (answer.status_code, answer.headers["location"]) == (307, target)


async def test_what_was_not_changed_is_not_sent_again(client: httpx.AsyncClient, site: Path) -> None:
    etag = (await client.get("/guide/")).headers["etag"]
    for known in (etag, f'"other", {etag}', f"W/{etag}"):
        answer = await client.get("/guide/", headers={"if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b"")
    (site / "index.html").write_text(PAGE + " ")
    changed = await client.get("/guide/", headers={"if-none-match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


@pytest.mark.parametrize(
    "path",
    ["../secret.txt", "..%2fsecret.txt", "%2e%2e/secret.txt", "none/", "how-to/../../secret.txt", "a.js/", "%00"],
)
async def test_nothing_outside_of_the_site_is_read(client: httpx.AsyncClient, site: Path, path: str) -> None:
    answer = await client.get(f"/guide/{path}")
    assert answer.status_code == 404
    assert "secret" not in answer.text.replace("secret.txt", "")


async def test_head_and_other_methods(client: httpx.AsyncClient, site: Path) -> None:
    head = await client.head("/guide/")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(PAGE)))
    answer = await client.post("/guide/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


async def test_without_a_site_the_answer_names_the_command(client: httpx.AsyncClient, site: Path) -> None:
    (site / "index.html").unlink()
    answer = await client.get("/guide/")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert "make guide" in answer.json()["detail"]
