"""API keys for measurements."""

import re
import subprocess
import sys

from benchmarks.load.errors import LoadError
from benchmarks.load.work import Work

_KEY = re.compile(r"braid_sk_([0-9a-f]+)_[\w-]+")


def new_key(work: Work, name: str, *scopes: str) -> tuple[str, str]:
    """Make a key with some scopes; return it, and its id.

    Raises
    ------
    LoadError
        The command failed.
    """
    command = [sys.executable, "-m", "app.cli", "key", "create", "--name", name]
    for scope in scopes:
        command += ["--scope", scope]
    done = subprocess.run(command, env=work.environment(), capture_output=True, text=True, check=False)  # noqa: S603 - our own
    made = _KEY.search(done.stdout)
    if made is None:
        raise LoadError(f"braid key create: ended with {done.returncode}: {done.stderr}")
    return made[0], made[1]
