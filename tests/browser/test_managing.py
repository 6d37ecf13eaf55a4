"""What is managed in the console: scenarios, bundles, imports; in a browser, with what the API says of it."""

import asyncio
import re
import shutil
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import VIEWER, Shop, Visits

pytestmark = pytest.mark.asyncio(loop_scope="module")
SETTLED = "new Promise(done => document.body.addEventListener('htmx:afterSettle', () => done(true), {once: true}))"
"""Ends when a part of the page was replaced."""


async def test_editing_a_scenario_changes_the_preview_and_the_api(visit: Visits, shop: Shop) -> None:
    window = await visit()
    page = window.page
    await window.open(f"/console/scenarios/home?user={VIEWER}")
    names = page.locator("#preview ol.items .name")
    await expect(names).to_have_count(10)
    titles = [item["title"] for item in shop.client.get("/items").json()["items"]]
    assert (await names.first.inner_text()) in titles
    await page.locator("[name=limit]").fill("3")
    await expect(names).to_have_count(3)
    settled = asyncio.ensure_future(page.evaluate(SETTLED))
    await page.get_by_label("Shows").select_option("categories")
    await settled
    await expect(names).to_have_count(3)
    previewed = await names.all_inner_texts()
    await page.locator("[name=limit]").fill("0")
    await expect(page.locator("#preview")).to_contain_text("The definition cannot be used")
    await expect(page.locator("#wrong-limit")).to_contain_text("greater than or equal to 1")
    await page.locator("[name=limit]").fill("3")
    await expect(page.locator("#wrong-limit")).to_be_empty()
    assert shop.client.get("/scenarios/home").json()["source"] == "default"
    await page.get_by_role("button", name="Put in force").click()
    await expect(page.get_by_role("status").first).to_contain_text("Version 1 of home is in force")
    listed = shop.client.get("/scenarios/home/recommend", params={"user_id": VIEWER, "include": "title"}).json()
    assert [item["title"] for item in listed["items"]] == previewed
    await page.get_by_role("link", name="History").click()
    await expect(page.locator(".timeline")).to_contain_text("in force")
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("status").first).to_contain_text("is deleted")
    assert shop.client.get("/scenarios/home").json()["source"] == "default"


async def test_a_bundle_is_activated_and_rolled_back(visit: Visits, shop: Shop) -> None:
    window = await visit()
    page = window.page
    folder = shop.folder / "bundles"
    before = (folder / "CURRENT").read_text(encoding="ascii").strip()
    # Another version of the same content, as a second training of the same data would be.
    later = f"{int(before[:4]) + 1}{before[4:]}"
    shutil.copytree(folder / before, folder / later)
    manifest = folder / later / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(before, later), encoding="utf-8")
    page.on("dialog", lambda dialog: dialog.accept())
    for version, button in ((later, "Activate this bundle"), (before, "Go back to this bundle")):
        await window.open("/console/bundles")
        await page.get_by_role("link", name=version, exact=True).click()
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_role("status").first).to_contain_text(f"Bundle {version} is active")
        assert shop.client.get(f"/recommend/{VIEWER}").json()["bundle_version"] == version
    frame = page.frame_locator("iframe.report")
    await page.get_by_role("link", name=before, exact=True).click()
    await expect(frame.locator("h1")).to_contain_text(before)


async def test_a_training_is_asked_for_and_cancelled(visit: Visits, shop: Shop) -> None:
    window = await visit()
    page = window.page
    page.on("dialog", lambda dialog: dialog.accept())
    await window.open("/console/bundles")
    await page.get_by_label("Seed").fill("4")
    await page.get_by_role("button", name="Start the training").click()
    await expect(page.locator("#progress")).to_contain_text("Waiting")
    assert shop.client.get("/training-jobs").json()["items"][0]["seed"] == 4
    await page.get_by_role("button", name="Cancel the training").click()
    await expect(page.locator("#progress")).to_contain_text("Cancelled")
    assert shop.client.get("/training-jobs").json()["items"][0]["status"] == "cancelled"


async def test_a_file_is_imported_after_a_look(visit: Visits, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "wünsche.csv"
    file.write_text("kunde;artikel;typ\nnew-user;1;Kauf\nnew-user;2;view\n", encoding="utf-8")
    window = await visit()
    page = window.page
    await window.open("/console/data/imports")
    await page.get_by_label("Files").set_input_files(file)
    await page.get_by_role("button", name="Look at the files").click()
    await expect(page.locator("h1")).to_have_text("Look before the import")
    await expect(page.get_by_role("button", name="Import", exact=True)).to_be_disabled()
    await page.get_by_label("What the column kunde is").select_option("user_id")
    await expect(page.locator("form#mapping")).to_contain_text("Which column is the item_id?")
    await page.get_by_label("What the column artikel is").select_option("item_id")
    await page.get_by_label("What the column typ is").select_option("event_type")
    await page.get_by_label(re.compile("^Kauf")).select_option("purchase")
    await expect(page.locator(".stat")).to_contain_text("2 of 2")
    assert shop.client.get("/users/new-user/interactions").json()["items"] == []
    await page.get_by_role("button", name="Import", exact=True).click()
    await expect(page.locator("#progress")).to_contain_text("Imported", timeout=60_000)
    kinds = {one["event_type"] for one in shop.client.get("/users/new-user/interactions").json()["items"]}
    assert kinds == {"purchase", "view"}
