"""Every page of the console: it loads without an error, fits on a phone, and can be used by everybody."""

from pathlib import Path

import pytest

from tests.browser.conftest import WIDTHS, Visits

pytestmark = pytest.mark.asyncio(loop_scope="module")
PAGES = {
    "overview": "/console",
    "keys": "/console/keys",
    "audit": "/console/audit",
    "settings": "/console/settings",
    "sign-in": "/console/sign-in",
}


@pytest.mark.parametrize("name", list(PAGES))
async def test_a_page_loads_and_fits_and_is_accessible(visit: Visits, name: str, screenshots: Path) -> None:
    for size in WIDTHS:
        for dark in (False, True):
            window = await visit(size, dark=dark)
            await window.open(PAGES[name])
            shade = "-dark" if dark else ""
            await window.page.screenshot(path=screenshots / f"{name}-{WIDTHS[size][0]}{shade}.png", full_page=True)
            assert await window.serious_problems() == [], (size, dark)
            assert not await window.is_cut_off(), (size, dark)
