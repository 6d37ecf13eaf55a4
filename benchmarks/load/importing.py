"""`braid import` of generated files: speed, memory, and the effect on the latency of recommendations."""

import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet

from benchmarks.load.errors import LoadError
from benchmarks.load.posts import no_answer
from benchmarks.load.server import serving, warm
from benchmarks.load.work import Say, Work
from benchmarks.load.wrk import run_wrk
from models.data.folder import write_folder
from models.data.synthetic import generate

_USERS, _ITEMS = 200_000, 50_000
_PART = 1_000_000
_START = 1_750_000_000


@dataclass(frozen=True)
class Import:
    """One import: rows per second of the whole command, and its peak memory in MB."""

    rows: int
    keyed: bool
    rate: float
    peak_mb: float


@dataclass(frozen=True)
class During:
    """The p99 of recommendations, in ms, one for each round: alone, and while an import runs."""

    alone: list[float]
    importing: list[float]


def measure_import(work: Work, *, rows: int, keyed: bool, folder: Path, say: Say) -> Import:
    """Time `braid import` of a number of rows, from start to end."""
    source = folder / f"rows-{rows}-{keyed}"
    # Rows that an earlier import stored would not be stored again.
    write_rows(source, rows, keyed=keyed, seed=rows)
    start = time.perf_counter()
    process = start_import(work, source)
    peak = 0.0
    while process.poll() is None:
        try:
            peak = max(peak, psutil.Process(process.pid).memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)
    if process.wait():
        raise LoadError(f"braid import ended with {process.returncode}")
    rate = rows / (time.perf_counter() - start)
    say(f"import of {rows:,} rows, {'with' if keyed else 'without'} event_id: {rate:,.0f} rows/s, {peak:.0f} MB")
    return Import(rows, keyed, rate, peak)


def measure_recommend_during_import(work: Work, *, rows: int, folder: Path, rounds: int, say: Say) -> During:
    """Ask for recommendations, 16 connections, one after the other, before an import and while it runs."""
    data = generate(2000, 1500, 60_000, seed=1)
    write_folder(folder / "known", data)
    work.braid("import", str(folder / "known"))
    work.braid("train", "--budget", "20")
    users = sorted(set(data.interactions["user_id"].to_pylist()))
    paths = [f"/recommend/{user}?limit={limit}" for limit in range(10, 60) for user in users]
    alone, importing = [], []
    with serving(work, folder, answer=no_answer(folder)) as server:
        warm(server.port, 1, users, limit=9)
        for number in range(rounds):
            each = paths[number::rounds]
            found = run_wrk(server.port, each, connections=16, seconds=5, core=None, folder=folder)
            alone.append(found.p99)
            source = folder / f"during-{number}"
            write_rows(source, rows, keyed=True, seed=number + 1)
            process = start_import(work, source)
            try:
                time.sleep(3)  # wait until it has begun to write
                found = run_wrk(server.port, each[::-1], connections=16, seconds=5, core=None, folder=folder)
                if process.poll() is not None:
                    raise LoadError("the import had ended before the recommendations were measured: give more --rows")
            finally:
                process.kill()
                process.wait()
            importing.append(found.p99)
            say(f"round {number + 1}: p99 {alone[-1]:.1f} ms alone, {importing[-1]:.1f} ms during an import")
    return During(alone, importing)


def start_import(work: Work, source: Path) -> subprocess.Popen[bytes]:
    """Start `braid import`."""
    command = [sys.executable, "-m", "app.cli", "import", str(source)]
    return subprocess.Popen(command, env=work.environment(), stdout=subprocess.DEVNULL)  # noqa: S603 - our own


def write_rows(folder: Path, rows: int, *, keyed: bool, seed: int = 0) -> None:
    """Write a data-set folder of generated interactions, part by part."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    writer = None
    for start in range(0, rows, _PART):
        count = min(_PART, rows - start)
        columns = {
            "user_id": pa.array([f"u{user}" for user in random.integers(0, _USERS, count).tolist()]),
            "item_id": pa.array([f"i{item}" for item in random.zipf(1.2, count).clip(0, _ITEMS).tolist()]),
            "event_type": pa.array(["view"] * count),
            "timestamp": pa.array(_START + start + np.arange(count), pa.int64()),
        }
        if keyed:
            columns["event_id"] = pa.array([str(uuid.UUID(bytes=random.bytes(16))) for _ in range(count)])
        table = pa.table(columns)
        writer = writer or pyarrow.parquet.ParquetWriter(folder / "interactions.parquet", table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()
