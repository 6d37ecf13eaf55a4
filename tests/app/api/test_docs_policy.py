"""The pages of the documentation run their own scripts and no others."""

import base64
import hashlib
import re

import httpx
import pytest

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
async def test_each_script_of_a_page_is_named(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    policy = answer.headers["content-security-policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    within = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    expected = {f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in within}
    assert set(rules["script-src"].split()) == {"'self'"} | expected
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    # Every file that it loads is of this server.
    assert [one for one in re.findall(r'(?:src|href)="([^"]+)"', answer.text) if not one.startswith("/")] == []


async def test_the_address_of_the_server_leads_to_the_console(client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/console")


async def test_no_redirect_follows_the_host(client: httpx.AsyncClient) -> None:
    assert (await client.get("/items/")).status_code == 404
