"""Completion of the shell, with the installed command."""

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("braid")
BASH = shutil.which("bash")
START_SECONDS = 0.4
pytestmark = pytest.mark.skipif(not COMMAND.exists() or BASH is None, reason="needs the installed command, and Bash")


def in_bash(script: str, **settings: str) -> str:
    environment = {**os.environ, "PATH": f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}", **settings}
    # A second command keeps Bash: completion is for the shell that called it.
    done = subprocess.run(
        [str(BASH), "-c", f"{script}; true"], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert done.returncode == 0
    assert done.stderr == ""
    return done.stdout


def test_the_script_of_the_shell_is_shown(isolated: Path) -> None:
    script = in_bash("braid --show-completion")
    assert "_BRAID_COMPLETE=complete_bash" in script
    assert "complete -o default -F _braid_completion braid" in script


@pytest.mark.parametrize(
    ("line", "word", "completed"),
    [
        ("braid ev", 1, {"evaluate"}),
        ("braid bundles act", 2, {"activate"}),
        ("braid key r", 2, {"rotate", "revoke"}),
        ("braid train --ref", 2, {"--refresh"}),
    ],
)
def test_commands_and_options_are_completed(isolated: Path, line: str, word: int, completed: set[str]) -> None:
    told = in_bash("braid", _BRAID_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(word))
    assert set(told.split()) == completed


def seconds(*command: str) -> float:
    """Return the processor time of a command: on a machine without other work it takes as long."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, capture_output=True, check=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_list_of_commands_is_there_at_once(isolated: Path) -> None:
    seconds(str(COMMAND), "--help")
    # The least of several: whatever else runs takes from the others.
    taken = min(seconds(str(COMMAND), "--help") for _ in range(5))
    assert taken < START_SECONDS
