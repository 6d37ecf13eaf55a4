"""A worker that is killed in any phase: the job ends once, done, and nothing is left over.

The short form kills it in one phase and lets the lease end at once; `make worker-proof` kills it in
all of them and waits for the lease.
"""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from models.bundle.store import BundleStore
from models.data.synthetic import generate
from tests.end_to_end.processes import free_ports, in_database, server, worker
from tests.end_to_end.test_training import ended, post

pytestmark = pytest.mark.slow
ALL = "all"
WANTED = os.environ.get("BRAID_TEST_WORKER_PHASES", "one")
SETTINGS = {"BRAID_NETWORK": '{"members": 1, "epochs": 3}', "BRAID_TRAINING_SCHEDULE": "off"}
# Loaded by every Python process that has this folder on its path: in the one that trains it kills the worker, once,
# as the phase begins.
KILL_ONCE = """
import json, os, signal, sys
from pathlib import Path
if "app.worker.child" in sys.orig_argv:
    dumps, marker, phase = json.dumps, Path(os.environ["KILLED"]), os.environ["KILL_IN"]
    def dump(what, *more, **options):
        told = isinstance(what, dict) and (what.get("phase") == phase or phase in what)
        if told and not marker.exists():
            marker.touch()
            if phase == "outcome":
                sys.stdout.write(dumps(what) + "\\n")
                sys.stdout.flush()
            os.kill(os.getppid(), signal.SIGKILL)
        return dumps(what, *more, **options)
    json.dumps = dump
"""
PHASES = (
    "reading the log",
    "cleaning",
    "splitting",
    "similarities",
    "tuning parts",
    "tuning neighbours",
    "candidate lists",
    "network",
    "tuning the blend",
    "validating",
    "ranking",
    "metrics",
    "calibration",
    "refit without new users",
    "ranking new users",
    "comparing",
    "refit",
    "publishing",
    "outcome",
)

SHORT = "network"


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"] if WANTED == ALL else ["postgresql"], indirect=True)
def test_a_job_ends_once_whatever_phase_its_worker_is_killed_in(isolated: Path, database_url: str) -> None:
    phases = PHASES if WANTED == ALL else (SHORT,)
    scratch, hooks = isolated / "scratch", isolated / "hooks"
    scratch.mkdir()
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(KILL_ONCE)
    store = BundleStore(isolated / "bundles")
    path = os.pathsep.join([str(hooks), *filter(None, [os.environ.get("PYTHONPATH")])])
    settings = {
        "BRAID_DATABASE_URL": database_url,
        "BRAID_BUNDLES": str(store.root),
        "BRAID_KEEP_BUNDLES": "100",
        "TMPDIR": str(scratch),
        **SETTINGS,
    }
    published = 0
    with server(isolated, free_ports(1)[0], **settings) as client:
        post(client, generate(120, 60, 2400, seed=7, groups=3))
        for number, phase in enumerate(phases):
            job_id = client.post("/training-jobs").json()["job_id"]
            killing = {"KILL_IN": phase, "KILLED": str(isolated / f"killed-{number}"), "PYTHONPATH": path}
            with worker(isolated, f"killed-worker-{number}", **settings, **killing) as first:
                assert first.wait(120) == -9, phase
            assert client.get(f"/training-jobs/{job_id}").json()["status"] == "running"
            if WANTED != ALL:
                in_database(database_url, _end_lease)
            with worker(isolated, f"worker-{number}", **settings):
                job = ended(client, job_id)
                time.sleep(0.5)
            published += 1
            assert (job["status"], job["attempts"], job["reason"]) == ("succeeded", 2, None), (phase, job)
            assert store.active_version() == job["bundle_version"]
            assert len(store.versions()) == published, phase
            for version in store.versions():
                store.load(version)
            assert list(store.root.glob(".braid-*")) == [], phase
            # Libraries leave what they compile to; nothing of a run is there.
            assert [path for path in scratch.iterdir() if "braid" in path.name or path.suffix == ".onnx"] == []
        jobs = client.get("/training-jobs").json()["items"]
    assert [one["status"] for one in jobs] == ["succeeded"] * len(phases)
    print(f"\n{len(phases)} workers killed, in {', '.join(phases)}: each job done once, nothing left over")  # noqa: T201


def _end_lease(connection: Connection) -> None:
    connection.execute(text("UPDATE training_jobs SET lease_until = 0 WHERE status = 'running'"))
