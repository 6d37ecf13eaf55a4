"""Builds and runs images with buildah, on a machine that has no container engine; used by images.py."""

# ruff: noqa: S603, S607 - the commands are buildah's and debootstrap's, and the arguments are this folder's

import configparser
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PULLED_WITHIN = 60
BASE_MADE_WITHIN = 600
BUILT_WITHIN = 1800
RAN_WITHIN = 600
STOPPED_WITHIN = 30
DEBIAN = ("trixie", "http://deb.debian.org/debian")
PACKAGES = "ca-certificates,netbase,tzdata,python3-venv,python-is-python3"
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PIP_OPTIONS = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout")
VOLUME = "/var/lib/braid"


def say(line: str) -> None:
    """Print a line and flush it, so that it is in order with the output of the commands."""
    print(line, flush=True)  # noqa: T201


class Buildah:
    """Images and containers in a folder of their own, so that removing them leaves nothing behind."""

    def __init__(self) -> None:
        self.folder = folder = Path(tempfile.mkdtemp(prefix="braid-images-"))
        folder.chmod(0o755)
        # buildah keeps the mounts of a command in TMPDIR.
        stores = ["--root", str(folder / "store"), "--runroot", str(folder / "run")]
        self._base = ["env", f"TMPDIR={folder}", "buildah", *stores]
        self._volume = folder / "volume"

    def call(self, *arguments: str, within: float = RAN_WITHIN, quiet: bool = False) -> str:
        """Run a buildah command to its end and return what it printed; raise when it fails or takes too long."""
        output = subprocess.DEVNULL if quiet else None
        done = subprocess.run(
            [*self._base, *arguments], check=True, stdout=subprocess.PIPE, stderr=output, text=True, timeout=within
        )
        return done.stdout.strip()

    def provide_base(self, name: str) -> None:
        """Pull the base image; if that is not possible, make one of this name from Debian's packages."""
        try:
            self.call("pull", f"docker.io/library/{name}", within=PULLED_WITHIN, quiet=True)
            say(f"pulled {name}")
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            say(f"{name} cannot be pulled: debootstrap makes a base of this name from Debian {DEBIAN[0]}")
            self._make_base(name)

    def _make_base(self, name: str) -> None:
        system, archive = self.folder / "system", self.folder / "system.tar"
        debootstrap = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", DEBIAN[0], str(system), DEBIAN[1]]
        subprocess.run(debootstrap, check=True, stdout=subprocess.DEVNULL, timeout=BASE_MADE_WITHIN)
        left_out = [f"--exclude=./{path}/*" for path in ("var/cache/apt", "var/lib/apt/lists", "dev", "proc", "sys")]
        subprocess.run(["tar", "-C", str(system), *left_out, "-cf", str(archive), "."], check=True)
        shutil.rmtree(system)
        container = self.call("from", "scratch")
        self.call("add", "--quiet", container, str(archive), "/")
        self.call("config", "--env", "LANG=C.UTF-8", container)
        self.call("commit", "--quiet", "--rm", container, f"docker.io/library/{name}")
        archive.unlink()

    def build(self, repository: Path, target: str) -> None:
        """Build a target of the Dockerfile; pip reaches the package index as it does on this machine."""
        certificates = os.environ.get("PIP_CERT") or ssl.get_default_verify_paths().cafile or CERTIFICATES
        settings = self.folder / "pip.conf"
        with settings.open("w", encoding="utf-8") as file:
            _pip_settings().write(file)
        mounts = ["--volume", f"{settings}:/etc/pip.conf:ro"]
        if Path(certificates).is_file():
            mounts += ["--volume", f"{certificates}:{CERTIFICATES}:ro"]
        # The layers are kept, so that the second target reuses those of the first.
        how = ["--isolation", "chroot", "--network", "host", "--pull-never", "--layers", "--format", "docker"]
        command = [*self._base, "bud", *how, *mounts, "--target", target, "--tag", f"braid-{target}", str(repository)]
        log = self.folder / f"{target}.log"
        with log.open("wb") as output:
            done = subprocess.run(command, check=False, stdout=output, stderr=output, timeout=BUILT_WITHIN)
        if done.returncode:
            say("".join(log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)[-40:]))
            raise SystemExit(1)

    def container(self, target: str) -> str:
        """Make a container of a built image; the first one fills the volume with the image's folder, as engines do."""
        name = self.call("from", "--pull-never", f"localhost/braid-{target}")
        if not self._volume.exists():
            subprocess.run(["cp", "-a", f"{self.root_of(name)}{VOLUME}", str(self._volume)], check=True)
        return name

    def root_of(self, container: str) -> Path:
        """Mount a container's file system and return where it is."""
        return Path(self.call("mount", container))

    def config(self, container: str) -> dict[str, Any]:
        """Return the image's configuration: Cmd, User, Healthcheck and the like."""
        config: dict[str, Any] = json.loads(self.call("inspect", container))["Docker"]["config"]
        return config

    def size(self, target: str) -> str:
        """Return an image's size as buildah prints it."""
        return self.call("images", "--format", "{{.Size}}", f"localhost/braid-{target}")

    def run(self, container: str, *command: str) -> None:
        """Run a command in a container, as the image's user, to its end."""
        say(f"$ {' '.join(command)}")
        started = time.monotonic()
        self.call(*self._in(container, {}), *command)
        say(f"  done after {time.monotonic() - started:.1f} s")

    def passes(self, container: str, variables: dict[str, str], *command: str) -> bool:
        """Return whether a command succeeds in a container; what it prints is left out."""
        words = [*self._base, *self._in(container, variables), *command]
        done = subprocess.run(words, check=False, capture_output=True, timeout=STOPPED_WITHIN)
        return done.returncode == 0

    @contextmanager
    def running(self, container: str, variables: dict[str, str], *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command in the background; at the end stop it with SIGTERM, as an engine does."""
        say(f"$ {' '.join(command)} &")
        number = self._volume / "pid"
        # Process numbers are those of the machine: chroot isolation has no process namespace.
        words = ["sh", "-c", f'echo $$ > {VOLUME}/pid && exec "$@"', "sh", *command]
        process = subprocess.Popen([*self._base, *self._in(container, variables), *words])
        try:
            yield process
        finally:
            if process.poll() is None and number.exists():
                os.kill(int(number.read_text(encoding="ascii")), signal.SIGTERM)
            try:
                code = process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        say(f"  stopped by SIGTERM with exit code {code}")
        if code != 0:
            raise SystemExit(1)

    def _in(self, container: str, variables: dict[str, str]) -> list[str]:
        given = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        mounted = ["--volume", f"{self._volume}:{VOLUME}"]
        return ["run", "--isolation", "chroot", "--network", "host", *mounted, *given, container, "--"]

    def close(self) -> None:
        """Remove every container and image, and the folder."""
        for words in (("rm", "--all"), ("rmi", "--all", "--force")):
            subprocess.run([*self._base, *words], check=False, capture_output=True, timeout=RAN_WITHIN)
        for mounted in reversed(self._mounts()):
            subprocess.run(["umount", mounted], check=False)
        # Mounted folders may belong to this machine: they must not be emptied.
        if left := self._mounts():
            message = f"{self.folder} stays, since these are still mounted: {', '.join(left)}"
            raise RuntimeError(message)
        shutil.rmtree(self.folder)

    def _mounts(self) -> list[str]:
        lines = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
        return [place for line in lines if (place := line.split()[1]).startswith(f"{self.folder}/")]


def _pip_settings() -> configparser.ConfigParser:
    """Return the settings by which this machine's pip reaches the package index, from its files and variables."""
    machine = configparser.ConfigParser(interpolation=None)
    home = Path.home()
    machine.read(["/etc/pip.conf", home / ".pip/pip.conf", home / ".config/pip/pip.conf"], encoding="utf-8")
    given = dict(machine["global"]) if machine.has_section("global") else {}
    given |= {
        name: os.environ[key] for name in PIP_OPTIONS if (key := f"PIP_{name.upper().replace('-', '_')}") in os.environ
    }
    settings = configparser.ConfigParser(interpolation=None)
    settings["global"] = {name: given[name] for name in PIP_OPTIONS if name in given} | {"cert": CERTIFICATES}
    return settings
