"""Contexts of interactions: a number for each row, and few different contexts."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from models.data.cleaning import clean
from models.data.contexts import Contexts
from models.data.fingerprint import fingerprint
from models.data.folder import DataSet
from models.data.holdout import Holdout
from models.data.interactions import Interactions
from models.data.profiles import Profiles
from models.data.splitting import make_split

USERS = np.arange(24, dtype=np.int32)
MOBILE, DESKTOP = {"device": "mobile"}, {"device": "Desktop"}


def column(contexts: list[dict[str, Any] | None]) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array([None if one is None else json.dumps(one) for one in contexts], pa.string())])


def fitted(contexts: list[dict[str, Any] | None], users: Any = USERS) -> Contexts:
    found = Contexts.fit(column(contexts), users)
    assert found is not None
    return found


def test_rows_of_the_same_values_have_the_same_number() -> None:
    given = [MOBILE, {"device": " MOBILE "}, None, {}, DESKTOP, {"device": "desktop", "note": None}] * 4
    found = fitted(given)
    assert found.numbers.tolist() == [0, 0, -1, -1, 1, 1] * 4
    assert found.numbers.dtype == np.int32
    assert found.of(0).tolist() == found.reader.codes({}, MOBILE).tolist()
    assert found.of(4).tolist() == found.reader.codes({}, DESKTOP).tolist()
    assert found.of(2).tolist() == []
    assert found.values == {"device": 2}
    encoded = Contexts.fit(column(given).dictionary_encode(), USERS)
    assert encoded is not None
    assert encoded.numbers.tolist() == found.numbers.tolist()
    assert encoded.codes.tolist() == found.codes.tolist()


def test_parts_of_a_log_may_be_encoded_apart() -> None:
    rows = log_table()
    apart = [part.set_column(4, "context", part["context"].dictionary_encode()) for part in (rows[:9], rows[9:])]
    logs = [Interactions.from_table(clean(table)[0]) for table in (rows, pa.concat_tables(apart))]
    first, second = (log.contexts for log in logs)
    assert first is not None
    assert second is not None
    numbers = range(len(first.numbers))
    assert [first.of(row).tolist() for row in numbers] == [second.of(row).tolist() for row in numbers]


def test_an_attribute_is_no_context_of_the_same_name() -> None:
    reader = fitted([MOBILE] * 24).reader
    assert [value.name for value in reader.read(MOBILE, MOBILE)] == ["device", "context.device"]
    assert len(set(reader.codes(MOBILE, MOBILE).tolist())) == 2


def test_what_tells_rows_apart_is_ignored_and_named() -> None:
    users = np.arange(400, dtype=np.int32)
    found = fitted(
        [{**(MOBILE if n % 2 else DESKTOP), "session": f"s{n}", "rare": f"r{n % 100}"} for n in range(400)], users
    )
    assert found.values == {"device": 2}
    assert found.ignored == {
        "rare": "no value is shared by 5 users",
        "session": "400 values, and most are those of fewer than 5 users",
    }
    assert len(found.offsets) - 1 == 2
    # Many rows of few users do not make a value shared.
    assert fitted([{"a": 1}, *[{"b": n % 2} for n in range(23)]], USERS // 6).values == {}


def test_contexts_are_bounded() -> None:
    wide = fitted([{f"a{n:02d}": "x" for n in range(50)}] * 24)
    assert len(wide.of(0)) == 16
    assert len(wide.reader.read({}, {f"a{n:02d}": "x" for n in range(50)})) == 16


def test_numbers_fall_into_the_same_bins_in_requests() -> None:
    users = np.arange(200, dtype=np.int32)
    found = fitted([{"scrolled": n / 2} for n in range(200)], users)
    assert found.values == {"scrolled": 8}
    again = found.read(column([{"scrolled": 1.75}, None, {"scrolled": 99}, {"unknown": 1}]))
    assert again.of(0).tolist() == found.of(3).tolist()
    assert again.of(2).tolist() == found.of(199).tolist()
    assert again.of(1).tolist() == []


@pytest.mark.parametrize("given", [[None] * 24, [{}] * 24])
def test_without_contexts_there_is_nothing(given: list[dict[str, Any] | None]) -> None:
    assert Contexts.fit(column(given), USERS) is None


def test_contexts_that_hold_nothing_to_read_have_no_values() -> None:
    found = fitted([{"a": None}, {"b": []}] * 12)
    assert (found.values, found.ignored, found.numbers.tolist()) == ({}, {}, [-1] * 24)


@pytest.mark.parametrize("text", ["no JSON", "[1]", "1", ""])
def test_what_is_no_object_is_no_context(text: str) -> None:
    assert Contexts.fit(pa.chunked_array([[text] * 24]), USERS) is None
    assert Contexts.fit(pa.chunked_array([[{"a": 1}] * 24]), USERS) is None


def log_table(users: int = 12, each: int = 6, *, times: bool = True) -> pa.Table:
    """Users take one item a day, in turns on a mobile and on a desktop; rows are not in order."""
    rows = [
        {
            "user_id": f"u{user:02d}",
            "item_id": f"i{(user * 5 + step) % 20:02d}",
            "event_type": "view",
            "timestamp": 1_700_000_000.0 + 86_400 * step + user,
            "context": json.dumps({"device": "mobile" if (user + step) % 2 else "desktop"}),
        }
        for step in range(each)
        for user in range(users)
    ]
    order = np.random.default_rng(0).permutation(len(rows))
    table = pa.Table.from_pylist([rows[place] for place in order])
    return table if times else table.drop_columns(["timestamp"])


def device(interactions: Interactions, codes: Any) -> str | None:
    contexts = interactions.contexts
    assert contexts is not None
    known = {tuple(contexts.reader.codes({}, {"device": name}).tolist()): name for name in ("mobile", "desktop")}
    return known.get(tuple(np.asarray(codes).tolist()))


def test_contexts_follow_the_rows_of_a_log() -> None:
    log = Interactions.from_table(clean(log_table())[0], first_only=False)
    steps = np.rint((log.times - 1_700_000_000.0 - log.users) / 86_400).astype(int)
    expected = ["mobile" if odd else "desktop" for odd in (log.users + steps) % 2]
    assert log.contexts is not None
    assert [device(log, log.contexts.of(row)) for row in range(len(log.items))] == expected
    some = log.select(log.items % 3 == 0)
    assert some.contexts is not None
    found = [device(some, some.contexts.of(row)) for row in range(len(some.items))]
    assert found == [one for one, item in zip(expected, log.items, strict=True) if item % 3 == 0]
    assert log.pairs.contexts is not None
    assert Interactions.from_table(log_table().drop_columns(["context"])).contexts is None


def asked_in(holdout: Holdout) -> list[str | None]:
    return [device(holdout.source, holdout.history(row).profile) for row in range(len(holdout))]


@pytest.mark.parametrize("protocol", ["leave-last-out", "timeline"])
def test_a_request_knows_the_context_of_what_follows(protocol: str) -> None:
    table, report = clean(log_table())
    split = make_split(DataSet(table), table, protocol=protocol, scale=report.scale, test_days=1.0)
    # The last step of each user is the test, the one before it the validation.
    for holdout, step in ((split.test, 5), (split.validation, 4)):
        assert len(holdout) >= 10
        assert asked_in(holdout) == ["mobile" if (user + step) % 2 else "desktop" for user in holdout.users]
        few = holdout.take(np.array([3, 1]))
        assert asked_in(few) == [asked_in(holdout)[3], asked_in(holdout)[1]]


def test_a_given_test_has_contexts_of_its_own() -> None:
    table, report = clean(log_table())
    test = pa.table(
        {
            "user_id": ["u03", "new", "u01", "u01"],
            "item_id": ["i10", "i01", "i19", "i18"],
            "context": [json.dumps(one) for one in (MOBILE, DESKTOP, DESKTOP, MOBILE)],
        }
    )
    split = make_split(DataSet(table, test=test), table, protocol="fixed", scale=report.scale)
    source = split.known
    assert [split.test.source.user_ids[user] for user in split.test.users] == [b"u01", b"u03"]
    histories = [split.test.history(row).profile for row in range(2)]
    assert [device(source, codes) for codes in histories] == ["desktop", "mobile"]
    assert split.newcomers.contexts is not None
    assert device(source, split.newcomers.contexts.of(0)) == "desktop"
    without = make_split(DataSet(table, test=test.drop_columns(["context"])), table, protocol="fixed")
    assert without.test.history(0).profile is None


def test_a_profile_and_a_context_are_read_together() -> None:
    table, _ = clean(log_table())
    users = pa.table({"user_id": [f"u{n:02d}" for n in range(12)], "country": ["NL", "BE"] * 6})
    log = Interactions.from_table(table).with_profiles(Profiles.fit(users))
    assert log.contexts is not None
    assert log.profiles is not None
    both = log.profiles.reader.joined(log.contexts.reader).codes({"country": "nl"}, MOBILE)
    row = int(np.flatnonzero(log.users == 0)[1])
    assert log.contexts.beside(log.profiles.of(0), row).tolist() == both.tolist()  # type: ignore[union-attr]


def test_other_contexts_are_other_data() -> None:
    log = Interactions.from_table(log_table())
    moved = replace(log, contexts=log.contexts_of(np.roll(np.arange(len(log.items)), 1)))
    prints = {fingerprint(one, None) for one in (log, moved, replace(log, contexts=None))}
    assert len(prints) == 3
    assert fingerprint(Interactions.from_table(log_table()), None) in prints
