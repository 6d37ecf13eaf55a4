"""Which calls are sent again, after what, and for how long."""

import httpx
import pytest
from braid_client import OPERATIONS, BraidError
from braid_client.attempts import Outcome, attempts

REQUEST = httpx.Request("GET", "http://shop.example/x")
PROBLEM = {"title": "Service Unavailable", "status": 503, "code": "overloaded", "detail": "try again"}
UNREACHED, LOST = httpx.ConnectError("refused", request=REQUEST), httpx.ReadTimeout("", request=REQUEST)
POSTED = {"id": 1, "event_id": "e", "status": "stored"}


def answer(status: int, json: object = None, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=json, headers=headers, request=REQUEST)


def run(name: str, *outcomes: Outcome, seconds: float = 10.0) -> tuple[object, list[float]]:
    """Give what a call returns after these outcomes, and the waits before each attempt after the first."""
    steps = attempts(OPERATIONS[name], seconds)
    assert next(steps) == 0
    waits = []
    for outcome in outcomes:
        try:
            waits.append(steps.send(outcome))
        except StopIteration as done:
            return done.value, waits
    raise AssertionError(f"it would be sent again after {waits}")


@pytest.mark.parametrize("failure", [UNREACHED, LOST, answer(503, PROBLEM), answer(502), answer(504), answer(429)])
def test_what_passes_is_sent_again_with_longer_and_longer_pauses(failure: Outcome) -> None:
    found, waits = run("post_interaction", *[failure] * 4, answer(201, POSTED))
    assert found == POSTED
    assert all(0.1 * 2**n <= wait <= 0.15 * 2**n for n, wait in enumerate(waits))
    assert len(waits) == 4


@pytest.mark.parametrize("failure", [answer(500), answer(422), answer(401), answer(404), answer(409)])
def test_what_does_not_pass_is_not_sent_again(failure: Outcome) -> None:
    with pytest.raises(BraidError) as raised:
        run("recommend_for_user", failure)
    assert isinstance(failure, httpx.Response)
    assert raised.value.status == failure.status_code


@pytest.mark.parametrize("failure", [LOST, answer(503, PROBLEM), answer(502)])
def test_a_call_that_may_have_been_carried_out_is_not_sent_twice_where_that_does_harm(failure: Outcome) -> None:
    with pytest.raises(BraidError):
        run("post_key", failure)


@pytest.mark.parametrize("failure", [UNREACHED, answer(429)])
def test_a_call_that_was_not_carried_out_is_sent_again_in_any_case(failure: Outcome) -> None:
    assert run("post_key", failure, answer(201, {"key": "k"}))[0] == {"key": "k"}


def test_retry_after_is_kept() -> None:
    _, (wait,) = run("recommend", answer(503, PROBLEM, **{"retry-after": "3"}), answer(200, {}))
    assert 3 <= wait <= 4.5
    with pytest.raises(BraidError) as raised:
        run("recommend", answer(503, PROBLEM, **{"retry-after": "11"}))
    assert raised.value.retry_after == 11


def test_without_seconds_nothing_is_sent_again() -> None:
    with pytest.raises(BraidError, match=r"no_answer: http://shop\.example/x: refused"):
        run("recommend", UNREACHED, seconds=0)


def test_an_item_that_is_gone_after_a_deletion_without_an_answer_was_deleted() -> None:
    assert run("delete_item", LOST, answer(404, {"code": "not_found", "detail": "-"}))[0] is None
    for outcomes in ([answer(404)], [UNREACHED, answer(404)]):
        with pytest.raises(BraidError, match="404"):
            run("delete_item", *outcomes)


def test_an_answer_that_is_not_braids_is_named() -> None:
    with pytest.raises(BraidError, match="unexpected_answer: this is no answer of Braid: <h1>Bad Gateway"):
        run("post_key", httpx.Response(502, html="<h1>Bad Gateway</h1>", request=REQUEST))
    with pytest.raises(BraidError, match="unexpected_answer"):
        run("recommend", httpx.Response(200, html="<h1>Welcome</h1>", request=REQUEST))
