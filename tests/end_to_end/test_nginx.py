"""Ids of any text, behind a real nginx: they are in the answers what they are in the requests."""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pyarrow as pa
import pytest

from models.data.folder import DataSet, write_folder
from models.data.synthetic import generate
from tests.end_to_end.processes import free_ports

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
STARTED_WITHIN = 10.0
SHOPS = ["a/b", "shoe red é", "😀", "100%", "a+b", "what?", "#1", "%2F", "a\\b", 'say "hi"', "a;b&c=d"]
# `location` and `proxy_pass` as docs/operations.md has them: without a path, so that the raw path is passed on.
CONFIGURATION = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://127.0.0.1:{service};
            proxy_set_header Host $http_host;
        }}
    }}
}}
"""


@contextmanager
def nginx(folder: Path, service: int) -> Iterator[httpx.Client]:
    """Run nginx in front of a service, and give a client of it."""
    if NGINX is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    folder.mkdir()
    (port,) = free_ports(1)
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port, service=service))
    log = folder / "nginx.log"
    command = [NGINX, "-p", str(folder), "-c", str(configuration), "-e", "stderr"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            until = time.monotonic() + STARTED_WITHIN
            while True:
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, log.read_text()
                try:
                    client.get("/health/live").raise_for_status()
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            yield client
    finally:
        process.terminate()
        process.wait(10)


def with_ids_of_shops(dataset: DataSet) -> tuple[DataSet, dict[str, str], dict[str, str]]:
    """Give users and items other ids, and return which: each of the texts, and others with a slash in them."""
    table, renamed = dataset.interactions, []
    for column in ("user_id", "item_id"):
        names = sorted(set(table[column].to_pylist()))
        new = {name: SHOPS[n] if n < len(SHOPS) else f"{name}/é {n}" for n, name in enumerate(names)}
        table = table.set_column(
            table.column_names.index(column), column, pa.array([new[name] for name in table[column].to_pylist()])
        )
        renamed.append(new)
    return DataSet(table), renamed[0], renamed[1]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_ids_are_what_they_are_behind_a_proxy(
    braid: Callable[..., Any], running: Callable[..., Any], database_url: str, tmp_path: Path
) -> None:
    dataset, users, items = with_ids_of_shops(generate(40, 30, 700, seed=3, groups=3))
    write_folder(tmp_path / "data", dataset)
    settings = {
        "BRAID_DATABASE_URL": database_url,
        "BRAID_BUNDLES": tmp_path / "bundles",
        "BRAID_ID_RULE": "utf8",
        "BRAID_HOST": "127.0.0.1",
    }
    for command in (("import", "data"), ("train", "--budget", 0)):
        done = braid(*command, timeout=120, **settings)
        assert done.returncode == 0, done.stderr
    rows = dataset.interactions.to_pylist()
    seen = {user: {row["item_id"] for row in rows if row["user_id"] == user} for user in SHOPS}
    with running("serve", **settings) as (direct, _), nginx(tmp_path / "nginx", direct.base_url.port) as client:
        for text in SHOPS:
            name = quote(text, safe="")
            for path in (f"/items/{name}", f"/users/{name}"):
                put = client.put(path, json={"attributes": {"name": text}})
                assert put.status_code in {200, 201}, put.text
                assert client.get(path).json()["attributes"] == {"name": text}
            for _ in range(2):
                answer = client.get(f"/recommend/{name}").json()
                assert (answer["user_id"], answer["strategy"]) == (text, "personalized")
                listed = {item["item_id"] for item in answer["items"]}
                assert listed <= set(items.values()) - seen[text]
            similar = client.get(f"/items/{name}/similar").json()
            assert (similar["item_id"], similar["strategy"]) == (text, "similar")
            assert {item["item_id"] for item in similar["items"]} <= set(items.values()) - {text}
            like = client.get(f"/users/{name}/similar").json()
            assert {user["user_id"] for user in like["items"]} <= set(users.values()) - {text}
            view = {"user_id": text, "item_id": text, "event_type": "view", "event_id": text}
            assert client.post("/interactions", json=view).status_code == 201
            newest = client.get(f"/users/{name}/interactions?limit=1").json()["items"][0]
            assert {field: newest[field] for field in view} == view
            exported = client.get(f"/users/{name}/export").json()
            assert exported["user_id"] == text
            assert {row["item_id"] for row in exported["interactions"]} == seen[text] | {text}
        for text in SHOPS:
            name = quote(text, safe="")
            for path in (f"/items/{name}", f"/users/{name}"):
                assert client.delete(path).status_code == 204, path
                assert client.get(path).status_code == 404, path
        assert client.get("/items/%2E%2E").status_code != 200


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("trusted", [True, False])
def test_the_address_of_a_client_is_what_a_named_proxy_says(
    braid: Callable[..., Any], running: Callable[..., Any], database_url: str, tmp_path: Path, trusted: bool
) -> None:
    """Without the setting all clients have the proxy's address, and none can claim another one."""
    settings = {"BRAID_DATABASE_URL": database_url, "BRAID_BUNDLES": tmp_path / "bundles"}
    made = braid("key", "create", "--name", "k", "--scope", "admin", **settings)
    key = next(word for word in made.stdout.split() if word.startswith("braid_sk_"))
    if trusted:
        settings["BRAID_TRUSTED_PROXIES"] = "127.0.0.1"
    with running("serve", **settings) as (direct, _), nginx(tmp_path / "nginx", direct.base_url.port) as client:
        headers = {"authorization": f"Bearer {key}", "x-forwarded-for": "192.0.2.7"}
        assert client.post("/training-jobs", headers=headers).status_code == 202
        (act,) = [
            act
            for act in client.get("/audit-log", headers=headers).json()["items"]
            if act["subject"] == "/training-jobs"
        ]
        assert act["address"] == ("192.0.2.7" if trusted else "127.0.0.1")
