"""What the tests of the console's pages share."""

import html
import re
from typing import Any

import httpx


def own(client: httpx.AsyncClient) -> dict[str, str]:
    """Headers of a form that a page of this server sends."""
    return {"origin": f"http://{client.base_url.netloc.decode()}"}


async def shown(client: httpx.AsyncClient, path: str, status: int = 200, **query: Any) -> str:
    """Open a page, and give its text with characters in place of entities."""
    answer = await client.get(path, params=query or None)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text
    return html.unescape(answer.text)


async def send(client: httpx.AsyncClient, path: str, status: int = 303, **form: Any) -> httpx.Response:
    """Send a form of a page of this server."""
    answer = await client.post(path, data=form, headers=own(client))
    assert answer.status_code == status, answer.text
    return answer


def alert_of(text: str) -> str:
    """Give what a page says is wrong."""
    (found,) = re.findall(r'role="alert">(.*?)</p>', text)
    return html.unescape(found)


def recommended(text: str) -> list[str]:
    """Give the ids of the items of a list, in order."""
    return re.findall(r'data-item="([^"]*)"', text)
