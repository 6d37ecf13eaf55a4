"""The README of the sample shop, from `braid demo --synthetic` to the measures, as a reader runs it."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from braid_client import Braid

from tests.chromium import running_browser, visitor
from tests.conftest import QUICK_NETWORK, Completed
from tests.examples.shop.conftest import Open, made_key
from tests.examples.shop.test_shop import visit
from tests.postgresql import unused_port

pytestmark = pytest.mark.slow
SIZE = ("--users", 60, "--items", 60, "--interactions", 1200)
"""A shop that is trained within the time that a server has to answer."""


@contextmanager
def running_shop(command: list[str], url: str) -> Iterator[None]:
    process = subprocess.Popen(command)
    try:
        until = time.monotonic() + 10
        while True:
            try:
                httpx.get(url).raise_for_status()
                break
            except httpx.TransportError:
                assert time.monotonic() < until
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def test_the_steps_of_the_readme(
    running: Callable[..., Any], braid: Callable[..., Completed], repository: Path, free_port: int
) -> None:
    text = (repository / "examples/shop/README.md").read_text(encoding="utf-8")
    keys, serve, measure = re.findall(r"(?ms)^```sh\n(.*?)^```$", text)
    port = unused_port()
    with running("demo", "--synthetic", *SIZE, BRAID_NETWORK=QUICK_NETWORK) as (client, _):
        url = str(client.base_url).rstrip("/")
        made = []
        for line in keys.splitlines():
            arguments = re.findall(r'"[^"]*"|\S+', line.replace(":8080", f":{port}"))
            assert arguments[0] == ".venv/bin/braid"
            made.append(made_key(braid(*(one.strip('"') for one in arguments[1:]))))
        page_key, key = made
        assert page_key.startswith("braid_pk_")
        command = serve.split()
        assert command[:2] == [".venv/bin/python", "examples/shop/serve.py"]
        assert command[-1] == "braid_pk_..."
        script = str(repository / command[1])
        options = ["--key", page_key, "--braid", url, "--port", str(port)]
        address = f"http://127.0.0.1:{port}"
        with (
            running_shop([sys.executable, script, *options], address),
            Braid(url, key) as client_of_shop,
            running_browser() as browser,
            visitor(browser, viewport={"width": 1280, "height": 900}) as watched,
        ):
            visit(Open(address, client_of_shop), watched)
        asked = measure.strip().replace("braid_sk_...", key).replace("127.0.0.1:8000", url.removeprefix("http://"))
        done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, check=True, env=os.environ)
        total = json.loads(done.stdout)["total"]
        assert total["impressions"] >= 10
        assert (total["clicks"], total["conversions"]) == (1, 1)
