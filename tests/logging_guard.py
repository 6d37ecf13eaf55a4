"""Fails a test during which a secret or a user was logged: a plugin of the whole suite, for each of its processes.

What is looked at: every record of the process that runs the tests, as it would be written; files `*.log` in the folders
of tests, where real servers and workers write; and what commands print to standard error (`look`).
"""

import logging
import re
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import pytest

MARK = "not-in-logs"
"""Ids of users that hold it must not be logged; nor may those of the data that bundles of tests are trained on."""
_NEVER = {
    "an API key": re.compile(r"braid_sk_[0-9a-f]{12}_[\w-]{20,}"),
    "a bearer token": re.compile(r"\bbearer\s+[\w~+/=-]{20,}", re.IGNORECASE),
    "the password of a URL": re.compile(r"\w://[^\s:/@'\"]+:(?!\*{3}@)[^\s:/@'\"]+@"),
    "a cookie": re.compile(r"\bbraid_session=\w"),
    "the id of a user": re.compile(rf"{MARK}|\buser-\d"),
}
_AROUND = 60
_found: list[str] = []
_handle = logging.Logger.handle


def look(text: str, where: str) -> None:
    """Note what must not stand in a log."""
    for what, pattern in _NEVER.items():
        match = pattern.search(text)
        if match is not None:
            shown = text[max(match.start() - _AROUND, 0) : match.end() + _AROUND]
            _found.append(f"{what} was logged by {where}: ...{shown}...")


def pytest_configure(config: pytest.Config) -> None:
    logging.Logger.handle = _looked_at  # type: ignore[method-assign]


def pytest_unconfigure(config: pytest.Config) -> None:
    logging.Logger.handle = _handle  # type: ignore[method-assign]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    try:
        yield
    finally:
        for path in [] if folder is None else sorted(folder.rglob("*.log")):
            look(path.read_text(encoding="utf-8", errors="replace"), path.name)
        _fail()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    _fail()


def _fail() -> None:
    if _found:
        said = "\n".join(_found)
        _found.clear()
        pytest.fail(said, pytrace=False)


def _looked_at(self: logging.Logger, record: logging.LogRecord) -> None:
    look(_written(record), record.name)
    _handle(self, record)


def _written(record: logging.LogRecord) -> str:
    """Return what is written of a record, with all errors that led to an error."""
    told: Any = record.exc_info or (record.msg.get("exc_info") if isinstance(record.msg, dict) else None)
    error = told if isinstance(told, BaseException) else told[1] if isinstance(told, tuple) else None
    if told is True:
        error = sys.exc_info()[1]
    parts = [] if error is None else traceback.format_exception(error)
    return "\n".join([record.getMessage(), *parts])
