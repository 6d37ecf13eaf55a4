"""Which failures of checks are none."""

from types import SimpleNamespace
from typing import Any, TypeVar

import orjson
import pytest
from schemathesis.core.failures import AcceptedNegativeData, ServerError
from schemathesis.openapi.checks import RejectedPositiveData, UnsupportedMethodResponse

from benchmarks.fuzzing.exceptions import LONGEST_URL, excused

T = TypeVar("T")


def failure(kind: type[T]) -> T:
    """Make a failure without what it says to people."""
    return kind.__new__(kind)


def case(call: str = "POST /recommend") -> Any:
    return SimpleNamespace(operation=SimpleNamespace(label=call), path=call.partition(" ")[2])


def answer(status: int, document: Any, *, url: str = "http://127.0.0.1/") -> Any:
    return SimpleNamespace(status_code=status, content=orjson.dumps(document), request=SimpleNamespace(url=url))


def refusal(*errors: tuple[str, str]) -> Any:
    named = [{"field": field, "code": code} for field, code in errors]
    return answer(422, {"code": "invalid_request", "errors": named})


def test_rules_that_no_schema_says_may_refuse() -> None:
    assert excused(
        failure(RejectedPositiveData), case(), refusal(("cursor", "invalid_cursor"), ("filter", "filter_kind"))
    )


@pytest.mark.parametrize(
    "code", ["string_too_long", "missing", "greater_than", "string_pattern_mismatch", "extra_forbidden"]
)
def test_what_a_schema_says_is_not_refused_without_a_failure(code: str) -> None:
    assert not excused(failure(RejectedPositiveData), case(), refusal(("filter", "filter_kind"), ("title", code)))


def test_a_list_is_too_short_only_where_none_of_its_members_is_refused() -> None:
    both = refusal(("filter.and.0", "filter_kind"), ("filter.and", "too_short"))
    assert excused(failure(RejectedPositiveData), case(), both)
    assert not excused(failure(RejectedPositiveData), case(), refusal(("filter.in", "too_short")))


def test_a_missing_field_is_excused_for_its_call_alone() -> None:
    wanted = refusal(("item_id", "missing"))
    assert excused(failure(RejectedPositiveData), case("DELETE /items"), wanted)
    assert not excused(failure(RejectedPositiveData), case("POST /interactions"), wanted)


def test_only_the_size_of_a_batch_or_its_rows_excuse_what_was_accepted() -> None:
    assert excused(failure(AcceptedNegativeData), case(), answer(413, {}))
    assert excused(failure(AcceptedNegativeData), case(), answer(200, {"stored": 1, "refused": 1}))
    assert not excused(failure(AcceptedNegativeData), case(), answer(200, {"stored": 1, "refused": 0}))


def test_a_method_belongs_to_a_path_that_overlaps() -> None:
    assert excused(failure(UnsupportedMethodResponse), case("POST /items/batch"), answer(204, {}))
    assert not excused(failure(UnsupportedMethodResponse), case("POST /items"), answer(204, {}))


def test_a_server_error_is_never_excused() -> None:
    assert not excused(failure(ServerError), case(), answer(500, {}, url="x" * (LONGEST_URL + 1)))
