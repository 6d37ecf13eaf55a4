"""The console's pages of data: activity, imports, attributes."""

import asyncio
import re
import time
from pathlib import Path

import httpx
import pytest

from app.config import Settings

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
OWN = {"origin": "http://127.0.0.1"}
LOG = b"person;sku;when;stars\nu1;i1;31.12.2025 10:00;5\nu2;i1;30.12.2025 10:00;3\nbad id!;i2;29.12.2025 10:00;1\n"


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"imports": tmp_path / "imports"})


async def uploaded(client: httpx.AsyncClient, *files: tuple[str, bytes]) -> str:
    answer = await client.post("/console/data/uploads", files=[("files", file) for file in files], headers=OWN)
    assert answer.status_code == 303, answer.text
    place: str = answer.headers["location"]
    return place


async def ended(client: httpx.AsyncClient, place: str) -> str:
    until = time.monotonic() + 120
    while "Importing" in (page := (await client.get(place)).text):
        assert time.monotonic() < until, page
        await asyncio.sleep(0.1)
    return page


async def test_an_empty_service_says_what_to_do(client: httpx.AsyncClient) -> None:
    assert "Nothing has happened yet" in (await client.get("/console/data")).text
    assert "Nothing was imported yet" in (await client.get("/console/data/imports")).text
    assert "Nothing is declared" in (await client.get("/console/data/attributes")).text
    for path in ("/console/data/imports/x", "/console/data/uploads/x", f"/console/data/uploads/{'0' * 16}"):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_activity_and_attributes_are_shown(client: httpx.AsyncClient) -> None:
    await client.put("/items/i", json={"title": "I", "attributes": {"colour": "<red>"}})
    row = {"user_id": "u", "item_id": "i", "timestamp": "2026-03-01T12:00:00Z"}
    for kind in ("view", "cart"):
        await client.post("/interactions", json=row | {"event_type": kind})
    page = (await client.get("/console/data")).text
    assert "data-chart=" in page
    assert "50.0 %" in page
    found = (await client.get("/console/data/attributes")).text
    assert "&lt;red&gt;" in found
    assert "category" in found


async def test_a_file_is_looked_at_mapped_and_imported(client: httpx.AsyncClient, settings: Settings) -> None:
    place = await uploaded(client, ("../shop log.csv", LOG))
    page = (await client.get(place)).text
    assert "shop_log.csv" in page
    assert "Which column is the user_id?" in page
    assert "disabled" in page
    form = {
        "file": "shop_log.csv",
        "kind.0": "interactions",
        "kind_before.0": "interactions",
        "column.0": ["person", "sku", "when", "stars"],
        "as.0": ["user_id", "item_id", "timestamp", "value"],
    }
    page = (await client.post(place, data=form, headers=OWN)).text
    assert "In which time zone are the times in when?" in page
    form["timezone.0"] = "Europe/Berlin"
    page = (await client.post(place, data=form, headers=OWN)).text
    assert "Some ids in person are not taken" in page
    form["ids"] = "drop"
    page = (await client.post(place, data=form, headers=OWN)).text
    assert "2025-12-31 09:00" in page
    assert "2 of 3" in page
    assert "bad id!" in page
    assert "user_id missing or not an id that the API takes" in page
    assert (await client.get("/users/u1")).status_code == 404
    answer = await client.post(f"{place}/import", data=form, headers=OWN)
    assert answer.status_code == 303
    done = await ended(client, answer.headers["location"])
    assert "Imported" in done
    assert "user_id missing" in done
    events = (await client.get("/users/u1/interactions")).json()["items"]
    assert [(one["event_type"], one["value"], one["timestamp"]) for one in events] == [
        ("rating", 5.0, "2025-12-31T09:00:00Z")
    ]
    listed = (await client.get("/console/data/imports")).text
    assert "Rows that were left out" in listed
    assert not list((settings.imports / ".drafts").iterdir())


async def test_what_cannot_be_meant_is_told_and_what_was_chosen_can_be_mended(client: httpx.AsyncClient) -> None:
    place = await uploaded(client, ("log.csv", b"user_id,item_id,other\nu,i,x\n"))
    form = {"file": "log.csv", "kind.0": "interactions", "kind_before.0": "interactions"}
    twice = form | {"column.0": ["item_id", "other"], "as.0": ["item_id", "item_id"]}
    page = (await client.post(place, data=twice, headers=OWN)).text
    assert "two columns are to be item_id" in page
    zone = form | {"timezone.0": "Mars", "column.0": ["other"], "as.0": ["timestamp"]}
    page = (await client.post(place, data=zone, headers=OWN)).text
    assert 'role="alert"' in page
    assert 'name="as.0"' in page
    answer = await client.post(f"{place}/import", data=twice, headers=OWN)
    assert answer.status_code == 200
    assert (await client.get("/console/data/imports")).text.count("<tr>") == 0


async def test_event_types_of_a_file_are_named_and_mapped(client: httpx.AsyncClient) -> None:
    place = await uploaded(client, ("log.csv", b"user_id,item_id,event\nu,i,Kauf\nu,i,pageview\n"))
    page = (await client.get(place)).text
    assert "Kauf" in page
    assert "is none that is taken" in page
    assert "1 of 2" in page
    form = {"file": "log.csv", "kind.0": "interactions", "kind_before.0": "interactions"}
    form |= {"event.0": "Kauf", "event_as.0": "purchase"}
    assert "2 of 2" in (await client.post(place, data=form, headers=OWN)).text


async def test_kinds_of_several_files_are_found_out(client: httpx.AsyncClient) -> None:
    files = ("log.csv", b"user_id,item_id\nu,i\n"), ("goods.jsonl", b'{"item_id": "i", "title": "I", "size": 4}\n')
    page = (await client.get(await uploaded(client, *files))).text
    assert re.findall(r'<input type="hidden" name="kind_before.\d" value="(\w+)">', page) == ["items", "interactions"]


async def test_what_is_no_upload_is_told_on_the_page(client: httpx.AsyncClient) -> None:
    for files, said in (
        ([("files", ("a.pdf", b"x"))], "ends in none of"),
        ([("files", ("", b""))], "choose a file first"),
        ([("files", (f"{number}.csv", b"a,b\n1,2\n")) for number in range(9)], "at most 8"),
        ([("files", ("a.csv", b"a" * 3_000_000))], ""),
    ):
        answer = await client.post("/console/data/uploads", files=files, headers=OWN)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert said in answer.text


async def test_an_upload_that_cannot_be_read_is_told(client: httpx.AsyncClient) -> None:
    place = await uploaded(client, ("a.parquet", b"no parquet"))
    page = (await client.get(place)).text
    assert "The files cannot be read" in page
    assert "imports" not in re.findall(r'role="alert">(.*?)</p>', page)[0]


async def test_uploads_are_discarded_and_no_act(client: httpx.AsyncClient, settings: Settings) -> None:
    place = await uploaded(client, ("log.csv", b"user_id,item_id\nu,i\n"))
    assert len(list((settings.imports / ".drafts").iterdir())) == 1
    assert (await client.post(f"{place}/discard", headers=OWN)).status_code == 303
    assert not list((settings.imports / ".drafts").iterdir())
    assert (await client.get(place)).status_code == 404
    assert (await client.get("/audit-log")).json()["items"] == []


async def test_only_a_few_uploads_are_kept(client: httpx.AsyncClient, settings: Settings) -> None:
    for _ in range(7):
        await uploaded(client, ("log.csv", b"user_id,item_id\nu,i\n"))
    assert len(list((settings.imports / ".drafts").iterdir())) == 5


async def test_an_upload_of_another_page_is_refused(client: httpx.AsyncClient) -> None:
    files = [("files", ("log.csv", b"user_id,item_id\nu,i\n"))]
    answer = await client.post("/console/data/uploads", files=files, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
