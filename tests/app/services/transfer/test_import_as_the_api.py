"""An import takes exactly the rows that the API would take."""

import json
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from app.schemas.ids import in_force
from app.schemas.interactions import InteractionIn
from app.services.kit.event_types import EventTypeRule
from app.services.transfer.import_rows import clean_interactions
from models.data.events import EVENT_WEIGHTS

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
IDS = (
    st.sampled_from(["u", "a.B_9-:@+=~", "x" * 128, "x" * 129, "ä" * 128, "ä" * 129, "", "a b", "u\n", ".", "..", "\0"])
    | TEXTS
)
EVENT_TYPES = st.sampled_from(["view", "rating", "dislike", "shown", "View", "", "bought"])
CONTEXTS = st.sampled_from(
    ['{"a": [1, null]}', "{}", "[]", "1", "no JSON", '{"a": NaN}', '{"a": "\\u0000"}', '{"a":1,}']
)
ROWS = st.fixed_dictionaries(
    {
        "user_id": IDS,
        "item_id": IDS,
        "event_type": EVENT_TYPES,
        "value": st.none() | st.floats(),
        "timestamp": st.floats(-1e6, 4e9),
        "event_id": st.none() | IDS,
        "request_id": st.none() | IDS,
        "position": st.none() | st.integers(-1, 2**31),
        "context": st.none() | CONTEXTS,
        "quantity": st.none() | st.floats(),
        "revenue": st.none() | st.floats(),
    }
)
FINE: dict[str, Any] = {
    "user_id": "u",
    "item_id": "i",
    "event_type": "view",
    "value": 1.0,
    "timestamp": 1.0,
    "event_id": None,
    "request_id": None,
    "position": 0,
    "context": None,
    "quantity": None,
    "revenue": None,
}
KINDS = {name: pa.float64() for name in ("value", "timestamp", "quantity", "revenue")} | {"position": pa.int64()}
SCHEMA = pa.schema([(name, KINDS.get(name, pa.string())) for name in FINE])
TYPES = EventTypeRule(EVENT_WEIGHTS, allow_unknown=False)


def api_takes(row: dict[str, Any]) -> bool:
    body = row | {"timestamp": datetime.fromtimestamp(row["timestamp"], UTC).isoformat()}
    try:
        if row["context"] is not None:
            body["context"] = json.loads(row["context"])
        InteractionIn.model_validate(body)
    except (ValidationError, json.JSONDecodeError):
        return False
    return TYPES.takes(row["event_type"])


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ROWS, st.sampled_from(["strict", "utf8"]))
@example(FINE, "strict")
@example(FINE | {"user_id": "u\n"}, "strict")
@example(FINE | {"position": 2**31}, "strict")
@example(FINE | {"value": float("nan")}, "strict")
@example(FINE | {"quantity": -2.0, "revenue": -9.5}, "strict")
@example(FINE | {"quantity": 2.0, "revenue": -9.5}, "strict")
@example(FINE | {"revenue": -9.5}, "strict")
@example(FINE | {"quantity": -0.0, "revenue": 0.0}, "strict")
@example(FINE | {"quantity": float("nan"), "revenue": -1.0}, "strict")
@example(FINE | {"context": '{"a": "%s"}' % ("x" * 4_088)}, "strict")
@example(FINE | {"context": '{"a": "%s"}' % ("x" * 4_089)}, "strict")
@example(FINE | {"context": json.dumps(dict.fromkeys(map(str, range(51)), 1))}, "strict")
@pytest.mark.usefixtures("ids_are_reset")
def test_a_row_goes_in_exactly_if_the_api_would_take_it(row: dict[str, Any], rule: str) -> None:
    in_force.use(rule)
    anchor = FINE | {"user_id": "anchor-of-the-test"}
    dropped: dict[str, int] = {}
    rows = clean_interactions(pa.Table.from_pylist([anchor, row], SCHEMA), "seconds", dropped, TYPES).to_pylist()
    assert [kept["user_id"] for kept in rows[1:]] == ([row["user_id"]] if api_takes(row) else [])
    assert sum(dropped.values()) == 2 - len(rows)


@pytest.mark.parametrize("seconds", [0.000001, 1_750_000_000.123456, 1_767_225_599.999999])
def test_times_keep_their_microseconds(seconds: float) -> None:
    (row,) = clean_interactions(
        pa.Table.from_pylist([FINE | {"timestamp": seconds}], SCHEMA), "seconds", {}, TYPES
    ).to_pylist()
    assert row["timestamp"] == round(seconds * 1e6)
