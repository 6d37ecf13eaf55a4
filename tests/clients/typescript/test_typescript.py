"""The TypeScript client: generated from the description, compiled, and run against a real server."""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.clients.conftest import Served


def npm(repository: Path, script: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = ["npm", "--prefix", str(repository / "clients"), "run", "--silent", script]
    return subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=120, check=False
    )


def test_it_has_every_operation_by_its_id(repository: Path) -> None:
    document = json.loads((repository / "docs/openapi.json").read_text(encoding="utf-8"))
    ids = {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
    source = (repository / "clients/typescript/src/generated/sdk.gen.ts").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^export const (\w+) = ", source)) == ids


def test_generating_it_again_changes_nothing(repository: Path, node_modules: Path, tmp_path: Path) -> None:
    done = npm(repository, "generate", GENERATED=str(tmp_path / "generated"))
    assert done.returncode == 0, done.stderr
    kept = repository / "clients/typescript/src/generated"
    again = {path.relative_to(tmp_path / "generated"): path for path in (tmp_path / "generated").rglob("*.ts")}
    assert {path.relative_to(kept) for path in kept.rglob("*.ts")} == again.keys()
    for name, path in again.items():
        assert (kept / name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), f"`make clients`: {name}"


def test_it_compiles_and_works_with_a_real_server(repository: Path, typescript: Path, served: Served) -> None:
    done = npm(repository, "test", BRAID_URL=served.url, BRAID_KEY=served.key)
    assert done.returncode == 0, done.stdout
    assert "pass 4" in done.stdout


def test_the_lock_pins_every_package_by_hash_and_names_no_place(repository: Path) -> None:
    lock = json.loads((repository / "clients/package-lock.json").read_text(encoding="utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    for name, one in packages.items():
        assert "resolved" not in one, f"{name}: npm install --omit-lockfile-registry-resolved"
        assert one["integrity"].startswith("sha512-"), name
