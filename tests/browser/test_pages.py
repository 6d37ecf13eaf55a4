"""Every page of the console: it loads without an error, fits on a phone, and can be used by everybody."""

from pathlib import Path

import pytest

from tests.browser.conftest import ITEM, VIEWER, WIDTHS, Visits

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGES = {
    "overview": "/console",
    "explore": "/console/explore",
    "explore-user": f"/console/explore?user_id={VIEWER}&act=cart~{ITEM}&look={ITEM}",
    "explore-two": f"/console/explore?user_id={VIEWER}&compare=on&b_diversity=0.8",
    "items": "/console/items",
    "item": f"/console/items/one?item_id={ITEM}",
    "item-form": f"/console/items/edit?item_id={ITEM}",
    "users": "/console/users",
    "user": f"/console/users/one?user_id={VIEWER}",
    "scenarios": "/console/scenarios",
    "scenario": "/console/scenarios/home",
    "scenario-history": "/console/scenarios/home/history",
    "scenario-variants": "/console/scenarios/home/variants",
    "bundles": "/console/bundles",
    "data": "/console/data",
    "imports": "/console/data/imports",
    "attributes": "/console/data/attributes",
    "keys": "/console/keys",
    "audit": "/console/audit",
    "settings": "/console/settings",
    "sign-in": "/console/sign-in",
}


OFTEN = {"overview", "explore-user", "scenario", "sign-in"}
"""Pages that are opened in two of the four windows within the suite; `make test-slow` opens all in all of them."""
WINDOWS = [(size, dark) for size in WIDTHS for dark in (False, True)]


async def looked_at(visit: Visits, name: str, windows: list[tuple[str, bool]], screenshots: Path) -> None:
    for size, dark in windows:
        window = await visit(size, dark=dark)
        await window.open(PAGES[name])
        shade = "-dark" if dark else ""
        await window.page.screenshot(path=screenshots / f"{name}-{WIDTHS[size][0]}{shade}.png", full_page=True)
        assert await window.serious_problems() == [], (size, dark)
        assert not await window.is_cut_off(), (size, dark)


@pytest.mark.parametrize("name", sorted(OFTEN))
async def test_a_page_loads_and_fits_and_is_accessible(visit: Visits, name: str, screenshots: Path) -> None:
    await looked_at(visit, name, [("wide", False), ("phone", True)], screenshots)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PAGES))
async def test_every_page_does_in_all_windows(visit: Visits, name: str, screenshots: Path) -> None:
    await looked_at(visit, name, WINDOWS, screenshots)
