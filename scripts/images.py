"""Builds the images `api` and `trainer` with buildah, runs Braid from them, and prints their sizes.

It needs root, and buildah and debootstrap from Debian; no container engine and no other package. All files are in a
temporary folder, which is removed at the end, also after a failure.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from buildah import VOLUME, Buildah, say

REPOSITORY = Path(__file__).resolve().parent.parent
STARTED_WITHIN = 120.0
IMPORTED_WITHIN = 120.0
API_LIMIT_MB = 660
SHOWN_PACKAGES = 12
NO_TENSORFLOW = "import importlib.util, sys; sys.exit(importlib.util.find_spec('tensorflow') is not None)"
NO_CACHE = {"NUMBA_CACHE_DIR": "/dev/null/kernels"}
PATHS = (
    "/health/ready",
    "/recommend/user-1?explain=true",
    "/recommend/nobody",
    "/items/item-1/similar",
    "/users/user-1/similar",
    "/popular",
    "/metrics",
    "/console",
    "/docs",
)


class Api:
    """The API of a running container, at a port of 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str) -> bytes:
        """Return the body of an answer; an error status ends the script."""
        return self._open(urllib.request.Request(self._address + path))  # noqa: S310 - always http://127.0.0.1

    def upload(self, path: Path) -> dict[str, Any]:
        """Import a file of interactions over HTTP, and return the job when it is done."""
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="interactions"; filename="{path.name}"\r\n\r\n'
        body = head.encode() + path.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        job = json.loads(self._open(urllib.request.Request(f"{self._address}/imports", body, headers)))  # noqa: S310
        ends = time.monotonic() + IMPORTED_WITHIN
        while job["status"] == "running" and time.monotonic() < ends:
            time.sleep(0.5)
            job = json.loads(self.get(f"/imports/{job['import_id']}"))
        if job["status"] != "done":
            raise SystemExit(f"the import of {path.name} did not end well: {job}")
        return dict(job)

    def _open(self, request: urllib.request.Request) -> bytes:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{request.full_url}: {error.code} {error.read().decode()}") from error


def run_everything(buildah: Buildah, targets: list[str]) -> None:
    """Build the images, and run what a deployment runs: migrate, an import, a training run, the API."""
    base = re.search(r"(?m)^ARG BASE=(\S+)$", (REPOSITORY / "Dockerfile").read_text(encoding="utf-8"))
    if base is None:
        raise SystemExit("the Dockerfile has no line 'ARG BASE=...'")
    with timed("base"):
        buildah.provide_base(base[1])
    for target in targets:
        with timed(f"build {target}"):
            buildah.build(REPOSITORY, target)
    containers = {target: buildah.container(target) for target in targets}
    api = containers["api"]
    if not buildah.passes(api, {}, "python", "-c", NO_TENSORFLOW):
        raise SystemExit("the image api holds TensorFlow")
    if not buildah.passes(api, {}, "python", "-c", "import s3fs"):
        raise SystemExit("the image api cannot read bundles on S3")
    for container in containers.values():
        # With no folder to compile into, only the kernels of the image are left.
        if not buildah.passes(container, NO_CACHE, "python", "-m", "models.ranking.compile_kernels"):
            raise SystemExit("an image holds no compiled kernels for this processor")
    buildah.run(api, "braid", "migrate")
    write_interactions(buildah.folder / "volume" / "data")
    buildah.run(api, "braid", "import", f"{VOLUME}/data")
    if "trainer" in containers:
        trainer = containers["trainer"]
        buildah.run(trainer, *buildah.config(trainer)["Cmd"])
    serve(buildah, api, trained="trainer" in containers)
    for target, container in containers.items():
        print_sizes(buildah, target, container)


def serve(buildah: Buildah, container: str, *, trained: bool) -> None:
    """Run the API until its image's health check passes, then call everything that uses a large package."""
    config = buildah.config(container)
    check = config["Healthcheck"]["Test"][1:]
    port = free_port()
    # A container has a network of its own; here the API stays on the loopback address, on a free port.
    variables = {"BRAID_HOST": "127.0.0.1", "BRAID_PORT": str(port)}
    with buildah.running(container, variables, *config["Cmd"]) as process:
        started = time.monotonic()
        while not buildah.passes(container, variables, *check):
            if process.poll() is not None or time.monotonic() - started > STARTED_WITHIN:
                raise SystemExit("the API never became healthy")
            time.sleep(0.5)
        say(f"  healthy after {time.monotonic() - started:.1f} s")
        api = Api(port)
        for path in PATHS:
            say(f"GET {path}\n  {api.get(path)[:160].decode(errors='replace')!r}")
        if trained and json.loads(api.get("/recommend/user-1"))["bundle_version"] is None:
            raise SystemExit("the API does not use the bundle that was trained")
        folder = buildah.folder / "volume"
        more = folder / "more"
        write_interactions(more, first_user=200)
        say(f"POST /imports interactions.csv\n  {api.upload(more / 'interactions.csv')}")
        buildah.run(container, "braid", "export", f"{VOLUME}/export")
        say(f"POST /imports interactions.parquet\n  {api.upload(folder / 'export' / 'interactions.parquet')}")
        if trained:
            buildah.run(container, "braid", "export", "recommendations", "--output", f"{VOLUME}/lists.parquet")


def print_sizes(buildah: Buildah, target: str, container: str) -> None:
    """Print the sizes of an image and of its largest packages; the API's packages have a limit."""
    (packages,) = (buildah.root_of(container) / "opt/braid/lib").glob("python3.*/site-packages")
    sizes = {path.name: size_of(path) for path in packages.iterdir()}
    total = sum(sizes.values())
    say(f"{target}: image {buildah.size(target)}, site-packages {total / 1e6:.0f} MB, of which")
    for name in sorted(sizes, key=sizes.__getitem__, reverse=True)[:SHOWN_PACKAGES]:
        say(f"  {sizes[name] / 1e6:6.0f} MB  {name}")
    if target == "api" and total > API_LIMIT_MB * 1e6:
        raise SystemExit(f"site-packages of the image api may have {API_LIMIT_MB} MB")


def size_of(path: Path) -> int:
    """Return the bytes in a file, or in all files of a folder."""
    return path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*") if p.is_file())


def write_interactions(folder: Path, *, first_user: int = 0) -> None:
    """Write a data-set folder: two groups of users, each with items of its own."""
    lines = ["user_id,item_id,event_type,timestamp"]
    for user in range(first_user, first_user + 120):
        for step in range(12):
            item = user % 2 * 30 + (user * 7 + step * 5 + step // 6) % 30
            lines.append(f"user-{user},item-{item},view,{1_750_000_000 + user * 600 + step * 60}")
    folder.mkdir()
    (folder / "interactions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def free_port() -> int:
    """Return a free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print the name of a step, and at its end how long it took."""
    say(f"== {what}")
    started = time.monotonic()
    yield
    say(f"  {time.monotonic() - started:.0f} s")


def main() -> None:
    """Read the command line, build, run and clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--api-only", action="store_true", help="leave out the trainer, TensorFlow and the training run"
    )
    targets = ["api"] if parser.parse_args().api_only else ["api", "trainer"]
    missing = [name for name in ("buildah", "debootstrap") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        sys.exit("make images needs root and 'apt-get install --no-install-recommends buildah debootstrap'")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    buildah = Buildah()
    try:
        run_everything(buildah, targets)
    finally:
        buildah.close()
    say("the images were built, ran and are removed")


if __name__ == "__main__":
    main()
