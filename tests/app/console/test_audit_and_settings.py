"""The console's pages of acts and of settings."""

import httpx
import pytest

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def test_acts_are_listed_with_the_name_of_the_key(client: httpx.AsyncClient, admin: str) -> None:
    headers = {"authorization": f"Bearer {admin}"}
    await client.put("/scenarios/<i>", json={"kind": "popular"}, headers=headers)
    await client.put("/scenarios/home", json={"kind": "popular"}, headers=headers)
    page = (await client.get("/console/audit", headers=headers)).text
    assert "/scenarios/home" in page
    assert f"a <code>{admin.split('_')[2]}</code>" in page
    assert "<i>" not in page
    older = (await client.get("/console/audit?before=1", headers=headers)).text
    assert "No act yet" in older


async def test_settings_say_what_is_in_force_without_passwords(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (await client.get("/console/settings")).text
    assert "BRAID_DATABASE_URL" in page
    assert "BRAID_RETENTION_DAYS" in page


async def test_a_part_of_a_page_is_refused_and_not_replaced_by_the_form_to_sign_in(
    client: httpx.AsyncClient, admin: str
) -> None:
    part = await client.get("/console/live", headers={"hx-request": "true"})
    assert (part.status_code, part.headers["content-type"]) == (401, "application/problem+json")
    assert (await client.get("/console/live")).headers["location"] == "/console/sign-in"


async def test_styles_and_scripts_need_no_key_and_are_kept_while_they_do_not_change(
    client: httpx.AsyncClient, admin: str
) -> None:
    page = (await client.get("/console/sign-in")).text
    address = page.split('<script src="')[1].split('"')[0]
    answer = await client.get(address)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")
    assert (await client.get(address.partition("?")[0])).headers["cache-control"] == "no-cache"
