"""Runs, without a container engine, the very commands that the Dockerfile and the compose file run, in order.

A clean folder stands in for each image's file system, and a database that is already there (or SQLite) for
the `postgres` service. The build commands, the environment, the services' commands and the health check are
read from the two files; the images' paths become paths inside the folders. What an image does with accounts
is left out. As root, what an image runs as its own user runs here as that user too, so that a write outside
the volume fails here as it would there.
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from container_files import exec_form, health_check, last, read_compose, read_dockerfile, stages_built_for
from container_stand_in import Container, say

REPOSITORY = Path(__file__).resolve().parent.parent
TRAINED_WITHIN = 300.0
STARTED_WITHIN = 60.0
NO_TENSORFLOW = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is not None)"


class Replay:
    """The images of some targets, built by hand, and the compose file's services run in them."""

    def __init__(self, targets: Sequence[str], folder: Path, interpreter: str, database_url: str | None) -> None:
        self.folder = folder
        self.database_url = database_url
        self.stages = read_dockerfile(REPOSITORY / "Dockerfile")
        self.services = read_compose(REPOSITORY / "docker-compose.yml", {"POSTGRES_PASSWORD": "stand-in"})
        self.containers: dict[str, Container] = {}
        for target in targets:
            say(f"== build {target}")
            container = Container(folder / target, folder / "volume", REPOSITORY, interpreter)
            container.build(stages_built_for(self.stages, target))
            self.containers[target] = container

    def everything(self) -> None:
        """Run every service in the order of the compose file, and the API once more after training."""
        self.containers["api"].run(["python", "-c", NO_TENSORFLOW])
        for name, service in self.services.items():
            if "build" not in service:
                say(f"== {name}: {'the database given' if self.database_url else 'SQLite'} stands in for it")
            elif service["build"]["target"] not in self.containers:
                say(f"== {name}: its image is not among those asked for")
            elif "ports" in service:
                self.serve(name)
            elif service["restart"] != "no":
                self.train_by(name)
            else:
                self.complete(name)
            if name == "migrate":
                self.load_interactions()
        if "trainer" in self.containers:
            self.serve("api")

    def complete(self, name: str) -> None:
        """Run a service that ends by itself."""
        say(f"== {name}")
        container, command = self._of(name)
        container.run(command, variables=self._variables(name))

    def load_interactions(self) -> None:
        """Import a small data-set folder, as docs/operations.md does it."""
        data = self.folder / "data"
        write_interactions(data)
        self.containers["api"].run(["braid", "import", str(data)], variables=self._variables("migrate"))

    def serve(self, name: str) -> None:
        """Run a service that serves: until it is healthy, has answered, and has stopped."""
        say(f"== {name}")
        container, command = self._of(name)
        port = free_port()
        # A container has a network of its own; here the API stays on the loopback address, on a free port.
        variables = self._variables(name) | {"BRAID_HOST": "127.0.0.1", "BRAID_PORT": str(port)}
        check = health_check(self.stages, self.services[name]["build"]["target"])
        if check is None:
            message = f"{name} serves, but its image has no health check"
            raise LookupError(message)
        with container.running(command, variables) as process:
            say(f"$ {' '.join(check)}")
            started = time.monotonic()
            while not container.passes(check, variables):
                if process.poll() is not None or time.monotonic() - started > STARTED_WITHIN:
                    say("  never became healthy")
                    raise SystemExit(1)
                time.sleep(0.2)
            say(f"  healthy after {time.monotonic() - started:.1f} s")
            ask(port, "/health/ready")
            ask(port, "/recommend/user-1")

    def train_by(self, name: str) -> None:
        """Run a service that takes training jobs: until one that is added has made a bundle the active one."""
        say(f"== {name}")
        container, command = self._of(name)
        variables = self._variables(name)
        with container.running(command, variables) as process:
            container.run(["braid", "train", "--enqueue"], variables=variables)
            started = time.monotonic()
            while not (container.volume / "bundles" / "CURRENT").exists():
                if process.poll() is not None or time.monotonic() - started > TRAINED_WITHIN:
                    say("  no bundle became the active one")
                    raise SystemExit(1)
                time.sleep(0.2)
            say(f"  trained after {time.monotonic() - started:.1f} s")

    def _of(self, name: str) -> tuple[Container, list[str]]:
        service = self.services[name]
        target = service["build"]["target"]
        return self.containers[target], service.get("command") or exec_form(last(self.stages, target, "CMD"))

    def _variables(self, name: str) -> dict[str, str]:
        variables = {key: str(value) for key, value in self.services[name]["environment"].items()}
        del variables["BRAID_DATABASE_URL"]
        return variables | ({"BRAID_DATABASE_URL": self.database_url} if self.database_url else {})


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing holds."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask(port: int, path: str) -> None:
    """GET an answer of the API and show it; an error status ends everything."""
    say(f"$ curl 127.0.0.1:{port}{path}")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            say(f"  {json.dumps(json.load(answer))[:400]}")
    except urllib.error.HTTPError as error:
        say(f"  {error.code} {error.read().decode()}")
        raise SystemExit(1) from error


def write_interactions(folder: Path) -> None:
    """Write a data-set folder: two groups of users, each with items of its own."""
    lines = ["user_id,item_id,event_type,timestamp"]
    for user in range(120):
        for step in range(12):
            item = user % 2 * 30 + (user * 7 + step * 5 + step // 6) % 30
            lines.append(f"user-{user},item-{item},view,{1_750_000_000 + user * 600 + step * 60}")
    folder.mkdir()
    (folder / "interactions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Read the command line and replay."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trainer", action="store_true", help="build and run the trainer too, with TensorFlow")
    parser.add_argument("--database-url", help="an empty database in the place of `postgres`; SQLite if absent")
    parser.add_argument("--python", default=sys.executable, help="the interpreter in the place of the image's")
    arguments = parser.parse_args()
    interpreter = subprocess.run(  # noqa: S603
        [arguments.python, "-c", "import sys; print(sys._base_executable)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    targets = ["api", "trainer"] if arguments.trainer else ["api"]
    with tempfile.TemporaryDirectory(prefix="braid-containers-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        Replay(targets, folder, interpreter, arguments.database_url).everything()
    say("every command of the containers ran")


if __name__ == "__main__":
    main()
