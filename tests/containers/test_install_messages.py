"""What `make install` says when this machine lacks something: one line, and nothing made."""

import os
import subprocess
from pathlib import Path

import pytest


def install(repository: Path, folder: Path, python: str) -> subprocess.CompletedProcess[str]:
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
    script.chmod(0o755)
    return subprocess.run(
        ["make", "--no-print-directory", "install", f"PYTHON={script}", f"VENV={folder / 'venv'}"],
        cwd=repository,
        # Run under `make test`, it would take itself for a part of that one.
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("exit 127", "Braid needs Python 3.11, 3.12 or 3.13"),
        ('case "$2" in *version*) exit 1;; esac', "Braid needs Python 3.11, 3.12 or 3.13"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "apt-get install python3-venv"),
    ],
)
def test_what_is_missing_is_named(repository: Path, tmp_path: Path, python: str, message: str) -> None:
    done = install(repository, tmp_path, python)
    own, make = done.stderr.splitlines()
    assert done.returncode == 2
    assert message in own
    assert make.startswith("make: ***")
    assert not (tmp_path / "venv").exists()


def test_a_second_installation_has_nothing_to_do(repository: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / ".runnable").touch()
    (venv / ".installed").touch()
    (venv / ".kernels").touch()
    done = install(repository, tmp_path, "exit 1")
    assert done.returncode == 0, done.stderr
