"""A folder that stands in for one image, and the commands run in it."""

# ruff: noqa: S603 - every command comes from the Dockerfile, the compose file or this folder

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from container_files import Stage, assignments

VOLUME = "/var/lib/braid"
ACCOUNTS = "groupadd "
KEPT_VARIABLES = ("PIP_", "HTTP_", "HTTPS_", "NO_PROXY", "http_", "https_", "no_proxy", "SSL_CERT_")
STOPPED_WITHIN = 15.0


def say(line: str) -> None:
    """Print a line at once, so that it stands in order with what the commands print."""
    print(line, flush=True)  # noqa: T201


@dataclass(frozen=True)
class Surroundings:
    """What the instructions so far have set for the commands that follow."""

    directory: Path
    path: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    user: int | None = None


class Container:
    """A folder in the place of an image's file system, with another in the place of its volume."""

    def __init__(self, root: Path, volume: Path, repository: Path, interpreter: str) -> None:
        self.root = root
        self.volume = volume
        self.repository = repository
        binaries = root / "usr/local/bin"
        binaries.mkdir(parents=True)
        python = binaries / "python"
        python.write_text(f'#!/bin/sh\nexec "{interpreter}" "$@"\n', encoding="utf-8")
        python.chmod(0o755)
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o1777)
        volume.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if name.startswith(KEPT_VARIABLES)}
        self._initial = Surroundings(root, (str(binaries), "/usr/bin", "/bin"), kept)
        self._now = self._initial

    def build(self, stages: list[Stage]) -> None:
        """Carry out the stages' instructions; commands run later find what the last one left."""
        after: dict[str, Surroundings] = {}
        for stage in stages:
            self._now = after.get(stage.parent, self._initial)
            for instruction in stage.instructions:
                match instruction.word:
                    case "ENV":
                        self._set(assignments(instruction.text))
                    case "WORKDIR":
                        directory = Path(self._place(instruction.text))
                        directory.mkdir(parents=True, exist_ok=True)
                        self._now = replace(self._now, directory=directory)
                    case "USER":
                        self._become(int(instruction.text.partition(":")[0]))
                    case "COPY":
                        self._copy(instruction.text)
                    case "RUN" if instruction.text.startswith(ACCOUNTS):
                        say(f"left out: {instruction.text}")
                    case "RUN":
                        self.run(["sh", "-c", self._place(instruction.text)], shown=instruction.text)
            after[stage.name] = self._now

    def run(self, command: list[str], *, shown: str = "", variables: dict[str, str] | None = None) -> None:
        """Run a command to its end; a failure ends everything."""
        say(f"$ {shown or ' '.join(command)}")
        started = time.monotonic()
        with self._start(command, variables or {}) as process:
            code = process.wait()
        say(f"  exit code {code} after {time.monotonic() - started:.1f} s")
        if code != 0:
            raise SystemExit(1)

    def passes(self, command: list[str], variables: dict[str, str]) -> bool:
        """Run a command without a word, and tell whether it succeeded."""
        with self._start(command, variables, silent=True) as process:
            return process.wait() == 0

    @contextmanager
    def running(self, command: list[str], variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command in the background; at the end stop it as an engine does, with SIGTERM."""
        say(f"$ {' '.join(command)} &")
        process = self._start(command, variables)
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            code = process.wait(STOPPED_WITHIN)
            say(f"  stopped by SIGTERM with exit code {code}")
            if code not in {0, -signal.SIGTERM, 128 + signal.SIGTERM}:
                raise SystemExit(1)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def _start(self, command: list[str], variables: dict[str, str], *, silent: bool = False) -> subprocess.Popen[bytes]:
        output = subprocess.DEVNULL if silent else None
        found = shutil.which(command[0], path=":".join(self._now.path))
        if found is None:
            say(f"  there is no {command[0]} in the image")
            raise SystemExit(1)
        home = str(self.volume) if "USER" in self._now.environment else os.environ.get("HOME", "/")
        return subprocess.Popen(
            [found, *command[1:]],
            cwd=self._now.directory,
            env={"HOME": home, "PATH": ":".join(self._now.path), "TMPDIR": str(self.root / "tmp")}
            | self._now.environment
            | variables,
            user=self._now.user,
            group=self._now.user,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )

    def _place(self, text: str) -> str:
        """Replace the image's paths by those of the folders."""
        places = {
            "/opt/braid": f"{self.root}/opt/braid",
            "/src": f"{self.root}/src",
            VOLUME: str(self.volume),
        }
        pattern = rf"(?<![\w.])(?:{'|'.join(places)})(?!\w)"
        return re.sub(pattern, lambda match: places[match[0]], text)

    def _set(self, variables: dict[str, str]) -> None:
        environment, path = dict(self._now.environment), self._now.path
        for name, value in variables.items():
            if name == "PATH":
                path = (self._place(value.removesuffix(":$PATH")), *path)
            elif name != "PIP_NO_CACHE_DIR":  # a layer must stay small; a run by hand may reuse the cache
                environment[name] = self._place(value)
        self._now = replace(self._now, environment=environment, path=path)

    def _copy(self, text: str) -> None:
        first, *others, target = text.split()
        if first.startswith("--from="):
            if others != [target]:
                message = f"COPY {text}: between stages a path must keep its name, since they share one folder here"
                raise ValueError(message)
            return
        for source in (first, *others):
            origin = self.repository / source
            if origin.is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(origin, self._now.directory / target, ignore=ignored, dirs_exist_ok=True)
            else:
                shutil.copy(origin, self._now.directory / target)

    def _become(self, user: int) -> None:
        """Run what follows as the image's user, where this machine allows that."""
        self._now = replace(self._now, environment=self._now.environment | {"USER": "braid"})
        if os.geteuid() != 0:
            return
        shutil.chown(self.volume, user, user)
        as_user = replace(self._now, user=user)
        before, self._now = self._now, as_user
        try:
            readable = self.passes(["python", "-c", "pass"], {})
        except PermissionError:
            readable = False
        if not readable:
            say("the image's user may not read this Python: what follows runs as root")
            self._now = before
