"""What happened when: counts of the log over time."""

import httpx
from fastapi import FastAPI

from app.services.monitoring.log_activity import OTHERS, activity_of
from app.storage.activity import ActivityStore, DayCount, Stored

STORED = Stored(9, 2, 3)


async def test_rows_are_counted_by_day_and_type(client: httpx.AsyncClient, application: FastAPI) -> None:
    rows = [
        {"user_id": "u", "item_id": "i", "event_type": kind, "timestamp": f"2026-03-{day:02}T23:59:59Z"}
        for kind, day in (("view", 1), ("view", 1), ("cart", 1), ("view", 3))
    ]
    rows[1]["item_id"] = "j"
    assert (await client.post("/interactions/batch", json=rows)).json()["stored"] == 4
    await client.put("/items/i", json={"title": "I"})
    store = ActivityStore(application.state.serving.resources.database)
    assert await store.stored() == Stored(interactions=4, items=1, users=1)
    first = 20513
    assert await store.by_day(10) == [
        DayCount(first, "cart", 1),
        DayCount(first, "view", 2),
        DayCount(first + 2, "view", 1),
    ]
    assert await store.by_day(1) == [DayCount(first + 2, "view", 1)]
    found = await application.state.serving.log_activity.get()
    assert (found.step, found.totals, found.without_time) == ("day", {"view": 3, "cart": 1}, 0)
    assert found.moments == tuple((first + place) * 86_400 for place in range(3))
    assert found.series == {"view": (2, 0, 1), "cart": (1, 0, 0)}


def test_a_long_time_has_as_few_points_as_a_chart_can_show() -> None:
    found = activity_of(STORED, [DayCount(0, "view", 1), DayCount(6, "view", 2), DayCount(700, "view", 4)])
    assert (found.step, len(found.moments)) == ("week", 101)
    assert (found.series["view"][0], found.series["view"][-1]) == (3, 4)


def test_rare_types_are_one_series_and_rows_without_a_time_are_counted_apart() -> None:
    counts = [DayCount(None, "view", 5), *(DayCount(1, f"t{number}", 10 - number) for number in range(7))]
    found = activity_of(STORED, counts)
    assert list(found.series) == ["t0", "t1", "t2", "t3", OTHERS]
    assert found.series[OTHERS] == (6 + 5 + 4,)
    assert found.without_time == 5
    assert activity_of(STORED, []).moments == ()
