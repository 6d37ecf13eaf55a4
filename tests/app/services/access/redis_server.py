"""A Redis server for tests, where the machine has one."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

PROGRAM = os.environ.get("BRAID_TEST_REDIS") or shutil.which("redis-server") or shutil.which("valkey-server")


@contextmanager
def running_redis(port: int) -> Iterator[str]:
    """Run a server that keeps nothing, and give its URL."""
    if PROGRAM is None:
        pytest.skip("Redis is not installed: apt-get install redis-server")
    command = [PROGRAM, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"redis://127.0.0.1:{port}"
        until = time.monotonic() + 10
        with redis.Redis.from_url(url) as client:
            while True:
                assert time.monotonic() < until
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    time.sleep(0.02)
        yield url
    finally:
        process.terminate()
        process.wait(10)
