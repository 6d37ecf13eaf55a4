"""The guard of the suite's logs fails what it must, in each process of a run."""

import os
import re
import subprocess
import sys
from pathlib import Path

LEAKS = """
import logging
from pathlib import Path

import pytest
import structlog

from app.logs import configure_logging
from tests.logging_guard import look

log = logging.getLogger("service")


def test_key():
    log.warning("refused %s", "braid_sk_0123456789ab_" + "x" * 43)


def test_bearer():
    log.warning("headers: %s", {"authorization": "Bearer " + "y" * 30})


def test_password():
    log.error("postgresql+asyncpg://braid:hidden@127.0.0.1/x does not answer")


def test_cookie():
    log.warning("cookie braid_session=" + "z" * 43)


def test_cause_of_an_error():
    configure_logging("info")
    try:
        try:
            raise ValueError("someone-not-in-logs")
        except ValueError as error:
            raise RuntimeError("broken") from error
    except RuntimeError as error:
        structlog.get_logger("service").error("unexpected error", exc_info=error)


def test_exception():
    configure_logging("info")
    try:
        raise ValueError("user-17")
    except ValueError:
        structlog.get_logger("service").exception("unexpected error")


def test_file_of_a_server(tmp_path):
    (tmp_path / "server-0.log").write_text("someone-not-in-logs asked")


def test_command():
    look("user-3 is unknown", "braid")


def test_clean(tmp_path):
    (tmp_path / "server-0.log").write_text("GET /recommend/{user_id}")
    log.warning("postgresql+asyncpg://braid:***@127.0.0.1/x: send `Authorization: Bearer braid_sk_...`")
    log.debug("someone-not-in-logs, which nobody writes at this level")
"""
AT_THE_END = """
import logging


def pytest_sessionfinish():
    logging.getLogger("late").warning("someone-not-in-logs")
"""


def run(folder: Path, repository: Path, *arguments: str) -> str:
    plugins = ["-p", "tests.logging_guard", "-p", "no:cacheprovider", "-p", "xdist"]
    command = [sys.executable, "-m", "pytest", "-q", *plugins, "-c", "/dev/null", "--rootdir", str(folder)]
    command += [*arguments, str(folder)]
    # Other plugins take a second to load.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, cwd=repository, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0, done.stdout
    return done.stdout + done.stderr


def test_each_leak_fails_its_test_in_a_process_of_xdist(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "test_leaks.py").write_text(LEAKS)
    said = run(tmp_path, repository, "-n", "1")
    failed = set(re.findall(r"(?m)^ERROR \S+::(test_\w+)", said))
    leaks = {name for name in LEAKS.replace("(", " ").split() if name.startswith("test_")}
    assert len(leaks) == 9
    assert failed == leaks - {"test_clean"}
    assert "9 passed, 8 errors" in said
    for what in ("an API key", "a bearer token", "the password of a URL", "a cookie", "the id of a user"):
        assert f"{what} was logged by service" in said
    assert "the id of a user was logged by server-0.log" in said


def test_what_is_logged_after_the_last_test_fails_the_run(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "conftest.py").write_text(AT_THE_END)
    (tmp_path / "test_one.py").write_text("def test_one():\n    pass\n")
    assert "the id of a user was logged by late" in run(tmp_path, repository)
