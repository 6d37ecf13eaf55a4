"""Every answer tells browsers not to guess its type, frame it, or load anything for it."""

import httpx
import pytest

from models.bundle.store import BundleStore
from tests.app.api.asking import post

POLICY = "default-src 'none'; frame-ancestors 'none'"
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/live", 200),
        ("/recommend/user-1", 200),
        ("/nothing", 404),
        ("/recommend/user-1?limit=0", 422),
        ("/recommend/%zz", 422),
        ("/", 307),
        ("/metrics", 200),
        ("/openapi.json", 200),
    ],
)
async def test_answers_load_nothing(client: httpx.AsyncClient, path: str, status: int) -> None:
    answer = await client.get(path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers.get_list("content-security-policy") == [POLICY]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/console", "/console/sign-in"])
async def test_pages_have_a_policy_of_their_own(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    (policy,) = answer.headers.get_list("content-security-policy")
    assert policy != POLICY
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_hot_path_has_them(bundles: BundleStore, client: httpx.AsyncClient) -> None:
    await post(client, "u", "i01")
    for _ in range(3):
        answer = await client.get("/recommend/u")
        assert answer.json()["items"]
        assert answer.headers.get_list("content-security-policy") == [POLICY]
