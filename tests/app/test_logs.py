"""Log lines, for programs and for people."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from app.logs import ACCESS, configure_logging


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    yield
    root.handlers[:], level = before
    root.setLevel(level)


def test_every_line_is_json_with_level_logger_and_time(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    structlog.get_logger("service").error("went wrong", reason="ä\nb")
    logging.getLogger("uvicorn.error").info("Started %s", "x")
    service, server = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (service["event"], service["level"], service["logger"]) == ("went wrong", "error", "service")
    assert service["reason"] == "ä\nb"
    assert (server["event"], server["level"]) == ("Started x", "info")
    assert service["timestamp"].endswith("Z")


def test_an_exception_is_one_line_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info")
    try:
        raise ZeroDivisionError("nothing to divide by")
    except ZeroDivisionError as error:
        structlog.get_logger("service").error("unexpected error", exc_info=error)
    (line,) = capsys.readouterr().err.splitlines()
    assert "nothing to divide by" in json.loads(line)["exception"]


def test_less_severe_lines_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("warning")
    structlog.get_logger("service").info("quiet")
    logging.getLogger("anything").warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_the_lines_of_the_server_about_requests_are_left_out_and_ours_are_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("warning")
    logging.getLogger("uvicorn.access").critical("GET /users/u-42")
    structlog.get_logger(ACCESS).info("request", route="/users/{user_id}")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["route"] == "/users/{user_id}"


def test_the_form_of_lines_can_be_chosen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    configure_logging("info", "json")
    structlog.get_logger("service").info("hello")
    assert json.loads(capsys.readouterr().err)["event"] == "hello"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    configure_logging("info", "text")
    structlog.get_logger("service").info("hello")
    assert not capsys.readouterr().err.startswith("{")


def test_a_traceback_on_a_terminal_has_no_values_of_variables(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("info", "text")
    user = "-".join(["someone", "secret"])
    try:
        raise ZeroDivisionError(len(user))
    except ZeroDivisionError as error:
        structlog.get_logger("service").error("unexpected error", exc_info=error)
    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown
    assert user not in shown


def test_on_a_terminal_lines_are_for_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    configure_logging("info")
    structlog.get_logger("service").info("hello", who="you")
    line = capsys.readouterr().err
    assert "hello" in line
    assert not line.startswith("{")
