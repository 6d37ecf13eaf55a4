"""Checks of what is stored, on both databases."""

import pytest

from app.process.doctor_factory import doctor
from app.process.resources import Resources
from app.services.monitoring import data_checks
from app.storage.counts import CountStore
from app.storage.database import Database
from app.storage.rows import Row
from app.storage.samples import SampleStore

FUTURE = 4_000_000_000_000_000


async def test_a_clock_that_differs_is_told(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = CountStore(resources.database)
    assert (await data_checks.clock_check(counts)).status == "ok"
    there, _ = await counts.times(1)
    monkeypatch.setattr(data_checks, "now", lambda: there - 3_600_000_000)
    if not resources.database.is_sqlite:
        check = await data_checks.clock_check(counts)
        assert (check.status, "differ by 3,6" in str(check.detail)) == ("degraded", True)
    monkeypatch.undo()
    await resources.interactions.store([Row("u", "i", "view", timestamp=FUTURE)])
    check = await data_checks.clock_check(counts)
    assert (check.status, "of 2096-10-02T07:06:40+00:00, in the future" in str(check.detail)) == ("degraded", True)


async def test_ids_that_no_request_can_name_are_counted(resources: Resources) -> None:
    await resources.interactions.store([Row(user, "..", "view") for user in ("ok", "Zoë", "a b", ".")])
    check = await data_checks.ids_check(SampleStore(resources.database))
    assert check.status == "degraded"
    assert "4 of 5 ids are refused in requests: BRAID_ID_RULE=utf8 takes 2 of them" in str(check.detail)
    assert "'.' of users, '..' of items: no path can name them" in str(check.detail)


async def test_the_doctor_changes_nothing(resources: Resources, database_url: str) -> None:
    await resources.interactions.store([Row("u", "i", "view")])
    findings = {finding.name: finding.status for finding in await doctor(resources).look()}
    assert findings == dict.fromkeys(findings, "ok") | {"bundle": "warning"}
    async with Database(database_url) as database:
        assert (await CountStore(database).event_types(10)) == {"view": 1}
