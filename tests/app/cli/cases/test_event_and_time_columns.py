"""Event types and times under other names: a purchase stays one, with its time, or the import stops."""

import pytest

from tests.app.cli.cases.shop import TIME, Shop, Stopped, Stored, case

BOTH = [f"u1|i1|purchase|{TIME}", f"u2|i1|view|{TIME + 60}"]
CASES: dict[str, Stored | Stopped] = {
    "the file": Stored(
        case("event_time_columns_ignored.csv"), BOTH, ["event_type     <- event", "timestamp      <- time"]
    ),
    "an action at a moment": Stored(
        "user_id,item_id,action,created_at\nu1,i1,purchase,2026-03-01T12:00:00Z\nu2,i1,view,2026-03-01T13:01:00+01:00\n",
        BOTH,
    ),
    "behaviours of a shop": Stored(
        f"userId;itemId;behaviorType;ts\nu1;i1;buy;{TIME}\nu2;i1;pageview;{TIME + 60}\n",
        BOTH,
        ["'buy' is read as 'purchase'", "'pageview' is read as 'view'"],
    ),
    "names in capitals": Stored(f"USER_ID,ITEM_ID,EVENT,TIME\nu1,i1,Purchase,{TIME}\nu2,i1,VIEW,{TIME + 60}\n", BOTH),
    "JSON": Stored(
        f'{{"user": "u1", "item": "i1", "eventType": "purchase", "eventTime": {TIME}}}\n'
        f'{{"user": "u2", "item": "i1", "eventType": "view", "eventTime": {TIME + 60}}}\n',
        BOTH,
    ),
    "an event type of one's own": Stored(
        f"user_id,item_id,event,time\nu1,i1,gekauft,{TIME}\nu2,i1,view,{TIME + 60}\n",
        BOTH,
        options=["--event", "gekauft=purchase"],
    ),
    "an event type that is not known costs its row": Stored(
        f"user_id,item_id,event,time\nu1,i1,purchase,{TIME}\nu3,i1,gekauft,{TIME}\nu2,i1,view,{TIME + 60}\n",
        BOTH,
        left_out=["line 3, column event: 'gekauft'"],
    ),
    "names of one's own that are mapped": Stored(
        f"user_id,item_id,what_was_done,wann\nu1,i1,purchase,{TIME}\nu2,i1,view,{TIME + 60}\n",
        BOTH,
        options=["--map", "event_type=what_was_done", "--map", "timestamp=wann"],
    ),
    "event words under any name": Stopped(
        "user_id,item_id,verb\nu1,i1,purchase\nu2,i1,view\n",
        ["the column 'verb' looks like an event type and is not mapped: --map event_type=verb, or --ignore verb"],
    ),
    "dates under any name": Stopped(
        "user_id,item_id,wann\nu1,i1,2026-03-01T12:00:00Z\n", ["the column 'wann' looks like a time and is not mapped"]
    ),
    "a date and a time of day": Stopped(
        "user_id,item_id,date,time\nu1,i1,2026-03-01,12:00\n", ["the column 'date' looks like a time and is not mapped"]
    ),
    "an event type by its name": Stopped(
        "user_id,item_id,event_name\nu1,i1,seen\n", ["the column 'event_name' looks like an event type"]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_event_types_and_times_keep_their_meaning(shop: Shop, name: str) -> None:
    shop.check(CASES[name])
