"""The process that trains: bounded, and gone with the worker that started it."""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.config import Settings

BOUNDS = """
import os, resource
from app.config import load_settings
from app.worker.child import _bound
before = os.nice(0)
_bound(load_settings())
print(os.nice(0) - before, resource.getrlimit(resource.RLIMIT_DATA)[0])
"""


def bounds(**settings: str) -> tuple[int, int]:
    command = [sys.executable, "-c", BOUNDS]
    done = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=True)
    nice, limit = done.stdout.split()
    return int(nice), int(limit)


def test_it_has_a_low_priority_and_bounded_memory() -> None:
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    nice, limit = bounds()
    assert nice == 10
    assert 0 < limit <= 0.75 * machine
    assert bounds(BRAID_TRAINING_MEMORY_MB="600")[1] == 600 * 1024 * 1024


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_it_ends_when_nobody_holds_its_input(settings: Settings, tmp_path: Path) -> None:
    """Its worker was killed."""
    environment = {**os.environ, **settings.as_environment()}
    command = [sys.executable, "-m", "app.worker.child", json.dumps({"kind": "full", "version": "v"})]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    time.sleep(0.5)
    process.stdin.close()
    assert process.wait(20) == 1
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_is_wrong_is_the_outcome(settings: Settings) -> None:
    environment = {**os.environ, **settings.as_environment()}
    command = [sys.executable, "-m", "app.worker.child", json.dumps({"kind": "refresh", "version": "v"})]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = [json.loads(line) for line in process.stdout]
    assert process.returncode == 1
    assert "there is no active bundle to refresh: train in full first" in told[-1]["outcome"]["failed"]


def test_settings_survive_as_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        database_url="postgresql://u:p%40ss@h/n",
        bundles="s3://bucket/some",
        create_unknown=False,
        retention_days=3,
        event_types={"wave": 0.5},
    )
    for name, value in settings.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings
    assert "BRAID_TRAINING_THRESHOLD" not in settings.as_environment()


def test_a_limit_of_the_machine_is_kept() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    assert bounds(BRAID_TRAINING_MEMORY_MB="999999999")[1] == (
        999999999 * 1024 * 1024 if most == resource.RLIM_INFINITY else most
    )
