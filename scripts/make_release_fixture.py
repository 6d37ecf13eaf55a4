"""Writes the fixture of the next release's upgrade tests: run it at the last commit of a release.

A small shop goes through everything that a database and a bundle of this release can hold: an import, a training job,
an activation, a new item, hidden items, a merged and an erased user. The fixture has an SQLite file, a PostgreSQL dump,
the bundle, the answers to a list of requests, and all names that users rely on. `time.time` is fixed while answers
are recorded, and the test fixes it at the same moment, so that half-lives and windows give the same results.

    createdb fixture                      # an empty database of a running PostgreSQL server
    python scripts/make_release_fixture.py tests/upgrade/release --postgresql postgresql://USER@HOST/fixture

Runs for about two minutes; `pg_dump` must be of the same version as the server.
"""

import argparse
import asyncio
import itertools
import json
import lzma
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
from release_contract import api_names, keys, metric_names, required_names
from release_shop import INTERACTIONS, ITEMS, SEED, USERS, call, live_on, requests, write_folder
from write_openapi import write_openapi

NETWORK = '{"members": 2, "epochs": 6}'
_CLOSE = 1e-5
"""Neighbours in a list whose scores are closer than this may change places on another processor."""
BRAID = (sys.executable, "-m", "app.cli")
Answers = list[dict[str, Any]]


@asynccontextmanager
async def served(environment: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """Run the API in this process."""
    from app.config import Settings  # noqa: PLC0415 - as above
    from app.main import create_app  # noqa: PLC0415

    with mock.patch.dict(os.environ, environment):
        application = create_app(Settings())
    transport = httpx.ASGITransport(application)
    async with (
        application.router.lifespan_context(application),
        httpx.AsyncClient(transport=transport, base_url="http://braid") as client,
    ):
        yield client


async def train(client: httpx.AsyncClient, environment: dict[str, str], folder: Path) -> None:
    """Run a worker for one training job, and cancel another job."""
    waiting = await call(client, "POST", "/training-jobs")
    worker = await asyncio.create_subprocess_exec(*BRAID, "worker", cwd=folder, env=os.environ | environment)
    try:
        while True:
            job = await call(client, "GET", f"/training-jobs/{waiting['job_id']}")
            if job["status"] not in {"queued", "running"}:
                break
            await asyncio.sleep(1)
    finally:
        worker.send_signal(signal.SIGTERM)
        await worker.wait()
    if job["status"] != "succeeded":
        raise SystemExit(f"the training job {job['status']}: {job['reason']}")
    cancelled = await call(client, "POST", "/training-jobs", {"kind": "refresh", "seed": 3})
    await call(client, "POST", f"/training-jobs/{cancelled['job_id']}/cancel")


async def record(client: httpx.AsyncClient) -> Answers:
    """Record the answers to all requests, and the next page of each list."""
    answers: Answers = []
    waiting = requests()
    for method, path, body in waiting:
        answer = await client.request(method, path, json=body)
        found = answer.json()
        answers.append({"method": method, "path": path, "body": body, "status": answer.status_code, "answer": found})
        cursor = found.get("next_cursor") if isinstance(found, dict) else None
        if cursor is None or "cursor" in path or "cursor" in (body or {}):
            continue
        if body is None:
            waiting.append((method, f"{path}{'&' if '?' in path else '?'}cursor={cursor}", None))
        else:
            waiting.append((method, path, {**body, "cursor": cursor}))
    return [one for one in answers if not _close(one)]


def _close(recorded: dict[str, Any]) -> bool:
    """Return whether two items of a list may change places on another processor."""
    found = recorded["answer"]
    scores = [item["score"] for item in found.get("items", []) if "score" in item]
    close = any(0 < abs(a - b) < _CLOSE * max(abs(a), abs(b)) for a, b in itertools.pairwise(scores))
    if close:
        print(f"not kept, scores too close: {recorded['method']} {recorded['path']}")  # noqa: T201
    return close


def columns(url: str) -> list[str]:
    """Return the tables of an SQLite database and their columns."""
    from sqlalchemy import create_engine, inspect  # noqa: PLC0415 - a dependency of Braid's

    found = inspect(create_engine(url.replace("+aiosqlite", "")))
    return sorted(
        f"{table}.{column['name']}" for table in found.get_table_names() for column in found.get_columns(table)
    )


def arrays() -> list[str]:
    """Return the array names of every recommender, whether this bundle needs it or not."""
    from models.data.interactions import Interactions  # noqa: PLC0415 - as above
    from models.data.synthetic import generate  # noqa: PLC0415
    from models.ranking.candidates import PARTS  # noqa: PLC0415
    from models.ranking.config import RankingConfig  # noqa: PLC0415
    from models.ranking.retriever import Retriever  # noqa: PLC0415

    data = generate(USERS, ITEMS, INTERACTIONS, seed=SEED, groups=3)
    return sorted(
        Retriever.fit(Interactions.from_table(data.interactions), RankingConfig(), data.items, PARTS).arrays()
    )


def error_codes() -> list[str]:
    """Return the codes of all errors."""
    from app.errors import BraidError  # noqa: PLC0415 - as above

    found, waiting = set(), [BraidError]
    for kind in waiting:
        found.add(kind.code)
        waiting += kind.__subclasses__()
    return sorted(found)


async def names(client: httpx.AsyncClient, url: str, manifest: dict[str, Any]) -> dict[str, list[str]]:
    """Collect the names that clients rely on."""
    from app.config import Settings  # noqa: PLC0415 - as above

    openapi = (await client.get("/openapi.json")).json()
    # Names from libraries, and measurements of a run, are not part of the contract.
    document = {
        name: value for name, value in manifest.items() if name not in {"files", "libraries", "metrics", "gate"}
    }
    return {
        "settings": sorted(f"BRAID_{name.upper()}" for name in Settings.model_fields),
        "metrics": sorted(metric_names((await client.get("/metrics")).text)),
        "error codes": error_codes(),
        "columns": columns(url),
        "bundle files": sorted(manifest["files"]),
        "arrays": arrays(),
        "manifest": sorted({*manifest, *keys(document)}),
        "API": sorted(api_names(openapi)),
        "required by the API": sorted(required_names(openapi)),
    }


def dump(url: str, file: Path) -> None:
    """Write a database as SQL."""
    command = ["pg_dump", "--no-owner", "--no-privileges", "--no-comments", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - a developer's own
    # Commands that older versions of psql do not know.
    lines = [line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]
    file.write_text("\n".join(lines) + "\n")


def in_order(one: tarfile.TarInfo) -> tarfile.TarInfo:
    """Remove details of the machine."""
    one.uid = one.gid = 0
    one.uname = one.gname = ""
    return one


async def make(postgresql: str, work: Path) -> tuple[dict[str, list[str]], dict[str, Any]]:
    """Make the databases and the bundle; return the names and the answers."""
    write_folder(work / "data")
    bundles = work / "bundles"
    database = work / "braid.sqlite3"
    kept: dict[str, Any] = {"answered_at": 0.0}
    found: dict[str, list[str]] = {}
    for name, url in (("sqlite", f"sqlite+aiosqlite:///{database}"), ("postgresql", postgresql)):
        environment = {
            "BRAID_DATABASE_URL": url,
            "BRAID_BUNDLES": str(bundles),
            "BRAID_NETWORK": NETWORK,
            "BRAID_DEADLINE_MS": "60000",
            "BRAID_LOG_LEVEL": "warning",
        }
        for command in (["migrate"], ["import", str(work / "data")]):
            done = await asyncio.create_subprocess_exec(*BRAID, *command, cwd=work, env=os.environ | environment)
            if await done.wait():
                raise SystemExit(f"braid {command[0]} failed")
        async with served(environment) as client:
            if name == "sqlite":
                await train(client, environment, work)
            else:
                version = (bundles / "CURRENT").read_text().strip()
                await call(client, "POST", f"/bundles/{version}/activate")
            await live_on(client, int(kept["answered_at"] or time.time()))
        # A process of its own, as after a restart: it has read everything from the database.
        kept["answered_at"] = kept["answered_at"] or time.time()
        with mock.patch("time.time", return_value=kept["answered_at"]):
            async with served(environment) as client:
                kept[name] = await record(client)
                version = (bundles / "CURRENT").read_text().strip()
                manifest = json.loads((bundles / version / "manifest.json").read_bytes())
                if manifest["settings"]["blend"]["network_weight"] <= 0:
                    raise SystemExit("the network has no weight in the bundle: choose another SEED")
                if name == "sqlite":
                    found = await names(client, url, manifest)
    return found, kept


def pack(output: Path, work: Path) -> None:
    """Write the archive that the tests unpack."""
    with (
        lzma.open(output / "release.tar.xz", "wb", preset=9 | lzma.PRESET_EXTREME) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for file in ("braid.sqlite3", "braid.sql", "answers.json", "bundles"):
            archive.add(work / file, file, filter=in_order)


def main() -> None:
    """Read the command line, and make the fixture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output", type=Path, help="folder that is written")
    parser.add_argument("--postgresql", required=True, help="URL of an empty database")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="braid-release-"))
    try:
        found, answers = asyncio.run(make(options.postgresql, work))
        dump(options.postgresql.replace("+asyncpg", ""), work / "braid.sql")
        (work / "answers.json").write_text(json.dumps(answers))
        options.output.mkdir(parents=True, exist_ok=True)
        (options.output / "names.json").write_text(json.dumps(found, indent=1) + "\n")
        write_openapi(options.output / "openapi.json")
        pack(options.output, work)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
