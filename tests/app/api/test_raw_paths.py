"""What is in a path is the path as it was sent, whatever its percent-encoding looks like."""

from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.api.raw_paths import routed
from app.schemas.ids import UTF8, from_path
from tests.app.conftest import Refused

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
IDS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=256).filter(UTF8.takes)


@given(IDS)
@example("a/b")
@example("%2F")
@example("+")
def test_an_id_goes_round_through_a_path(text: str) -> None:
    path = routed(f"/items/{quote(text, safe='')}/users".encode())
    assert path.count("/") == 3
    assert from_path(path.split("/")[2]) == text
    # Whoever encodes more than must be asks for the same.
    more = "".join(f"%{byte:02x}" for byte in text.encode())
    assert routed(f"/items/{more}/users".encode()) == path


@on_sqlite
@pytest.mark.parametrize("path", ["/items/a%2Fb", "/recommend/a%2Fb", "/users/x%2Fy/interactions", "/items/%C3%A9"])
async def test_the_strict_rule_names_itself(client: httpx.AsyncClient, refused: Refused, path: str) -> None:
    field = "item_id" if path.startswith("/items") else "user_id"
    problem = refused(await client.get(path), 422, "invalid_request", field)
    assert "BRAID_ID_RULE=utf8" in problem["errors"][0]["detail"]


@on_sqlite
@pytest.mark.parametrize("path", ["/items/%2E%2E", "/items/%2e", "/users/%2E%2E/interactions", "/recommend/%2E."])
async def test_dots_alone_are_refused(client: httpx.AsyncClient, refused: Refused, path: str) -> None:
    problem = refused(await client.get(path), 422, "invalid_request", "item_id" if "items" in path else "user_id")
    assert problem["errors"][0]["detail"].startswith("must not be . or ..")


@on_sqlite
@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("/items/100%", "two hexadecimal digits"),
        ("/items/%zz", "two hexadecimal digits"),
        ("/items/%f", "two hexadecimal digits"),
        ("/items/%FF", "the path is not UTF-8"),
        ("/recommend/%ED%A0%80", "the path is not UTF-8"),
        ("/no%C3/such/path", "the path is not UTF-8"),
        ("/recommend/u?exclude=%FF", "the query string is not UTF-8"),
    ],
)
async def test_a_url_that_cannot_be_read_is_refused(
    client: httpx.AsyncClient, refused: Refused, url: str, reason: str
) -> None:
    # As the bytes say it: the client would encode a lone % anew.
    request = httpx.Request("GET", httpx.URL("http://127.0.0.1").copy_with(raw_path=url.encode()))
    problem = refused(await client.send(request), 422, "malformed_url", "url")
    assert reason in problem["detail"]


@on_sqlite
async def test_over_encoded_paths_are_the_same_paths(client: httpx.AsyncClient) -> None:
    assert (await client.put("/%69tems/%61", json={})).json()["item_id"] == "a"
    assert (await client.get("/items/a")).status_code == 200
