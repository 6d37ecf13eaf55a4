"""Pages whose commands are run, in order, in a clean folder."""

import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import QUICK_NETWORK, MakeOnce
from tests.docs.running import followed
from tests.docs.samples import EVENTS, GORSE, PERSONALIZE, RECOMBEE
from tests.docs.shop import write_shop
from tests.end_to_end.processes import server

ASKING = ("ab-tests", "cold-start", "filters", "scenarios")
"""How-to guides that ask a server of a shop, and do nothing else."""
WORKING = (
    "backup",
    "event-types-and-goals",
    "freshness",
    "monitoring",
    "privacy-requests",
    "retraining",
    "secure",
    "upgrades",
)
"""Those that run commands of `braid` as well, on the same shop."""
MIGRATIONS = ("gorse", "personalize", "recombee", "universal-recommender")
FOLLOWED = {
    "README.md",
    "docs/tutorial.md",
    *(f"docs/how-to/{name}.md" for name in (*ASKING, *WORKING)),
    *(f"docs/migration/{name}.md" for name in MIGRATIONS),
}
_MEASURES = "its commands measure for minutes or hours; tests/benchmarks runs them in a short form"
NOT_FOLLOWED = {
    "docs/accuracy.md": _MEASURES,
    "docs/benchmarks.md": _MEASURES,
    "docs/performance.md": _MEASURES,
    "docs/reliability.md": _MEASURES,
    "docs/similar-items.md": _MEASURES,
    "docs/durability.md": "its commands kill servers for minutes; tests/end_to_end runs them in a short form",
    "docs/training.md": "its commands are those of docs/how-to/retraining.md, and measurements",
    "docs/data-sets.md": "a line of Python and a call: tests/app/cli and tests/app/api/test_imports.py do the same",
    "docs/security.md": "needs two servers of PostgreSQL; its keys are made by docs/how-to/secure.md",
    "docs/operations.md": "needs Docker, buildah or a collector; tests/containers and tests/end_to_end do the same",
    "docs/decisions/0016-supply-chain.md": "installs from the index as another installer would",
    "docs/how-to/deploy-compose.md": "needs Docker; tests/containers reads the file, and `make images` runs the images",
    "docs/how-to/deploy-kubernetes.md": "needs a cluster; its manifests are read and compared here",
    "docs/how-to/deploy-systemd.md": "needs root and systemd; its units are verified here",
    "docs/how-to/nginx-tls.md": "needs root and a certificate; its configuration is read by nginx here",
    "docs/how-to/sizing.md": _MEASURES,
    "docs/clients.md": "tests/clients/test_page.py runs its blocks, in Chromium too",
    "docs/command-line.md": "its commands are run by tests/app/cli, in a real Bash too",
}
SMALL = "--users 101 --items 60 --interactions 1200"
Serve = Callable[[Path], AbstractContextManager[tuple[dict[str, str], int]]]


def _braid(folder: Path, *arguments: object) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BRAID_")}
    settings = {"BRAID_DATABASE_URL": f"sqlite:///{folder}/braid.sqlite3", "BRAID_BUNDLES": str(folder / "bundles")}
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", *map(str, arguments)],
        env={**clean, **settings, "BRAID_NETWORK": QUICK_NETWORK},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def imported_shop(once: MakeOnce) -> Path:
    """Import the shop, once for all pages."""

    def fill(draft: Path) -> None:
        write_shop(draft / "data")
        _braid(draft, "migrate")
        _braid(draft, "import", draft / "data")

    return once("shop-of-the-guides", fill)


@pytest.fixture(scope="session")
def trained_shop(once: MakeOnce, imported_shop: Path) -> Path:
    """Train on it, which takes as long as all pages that only ask."""

    def fill(draft: Path) -> None:
        shutil.copytree(imported_shop, draft, dirs_exist_ok=True)
        _braid(draft, "train", "--budget", 0, "--force")

    return once("trained-shop-of-the-guides", fill)


@pytest.fixture
def served(isolated: Path, free_port: int) -> Serve:
    """Serve a copy of a shop; gives its settings and its port."""

    @contextmanager
    def serve(shop: Path) -> Iterator[tuple[dict[str, str], int]]:
        shutil.copytree(shop, isolated / "shop")
        settings = {"BRAID_DATABASE_URL": "sqlite:///shop/braid.sqlite3", "BRAID_BUNDLES": "shop/bundles"}
        with server(isolated, free_port, **settings, BRAID_HOST="127.0.0.1"):
            yield settings, free_port

    return serve


@pytest.mark.parametrize("name", ASKING)
def test_a_guide_that_asks_is_followed(served: Serve, imported_shop: Path, isolated: Path, name: str) -> None:
    with (
        served(imported_shop) as (settings, port),
        followed(f"docs/how-to/{name}.md", isolated, port, more=settings) as page,
    ):
        assert page.client.get("/health/ready").status_code == 200


@pytest.mark.slow
@pytest.mark.parametrize("name", WORKING)
def test_a_guide_that_works_is_followed(served: Serve, trained_shop: Path, isolated: Path, name: str) -> None:
    if name == "backup" and shutil.which("sqlite3") is None:
        pytest.skip("sqlite3 is not installed: apt-get install sqlite3")
    without = {"backup": ("PostgreSQL",)}.get(name, ())
    with (
        served(trained_shop) as (settings, port),
        followed(f"docs/how-to/{name}.md", isolated, port, without=without, more=settings) as page,
    ):
        if name == "privacy-requests":
            assert page.client.get("/users/u-42").status_code == 404
        if name == "backup":
            assert (isolated / "restored/braid.sqlite3").exists()


@pytest.mark.slow
def test_the_readme_is_followed(isolated: Path, free_port: int) -> None:
    """`make demo` as the Makefile runs it, with a smaller shop."""
    _program(isolated, "make", f'[ "$1 $2" = "demo ARGS=--synthetic" ] && exec braid demo --synthetic {SMALL}')
    with followed("README.md", isolated, free_port) as page:
        (answer,) = page.printed.values()
        items = json.loads(answer)["items"]
        assert len(items) == 10
        assert all(item["title"] and item["categories"] for item in items)


@pytest.mark.slow
def test_the_tutorial_ends_with_personal_recommendations(isolated: Path, free_port: int, repository: Path) -> None:
    """All but the installation, with a smaller shop; the pages of the shop are served where they are built."""
    _program(isolated, "braid", f'[ "$1" = demo ] && set -- "$@" {SMALL}\nexec {sys.executable} -m app.cli "$@"')
    without = ["1. Install"]
    if (repository / "examples/shop/serve.py").exists():
        for name in ("examples", "clients"):
            (isolated / name).symlink_to(repository / name)
    else:
        without.append("7. The shop in a browser")
    with followed("docs/tutorial.md", isolated, free_port, without=without) as page:
        key = (isolated / "admin").read_text().strip()
        headers = {"authorization": f"Bearer {key}"}
        lists = {}
        for user in ("eve", "visitor-001"):
            answer = page.client.get(f"/recommend/{user}?limit=10&include=categories", headers=headers).json()
            assert answer["strategy"] == "personalized"
            lists[user] = [item["item_id"] for item in answer["items"]]
            if user == "eve":
                assert ["Tents"] in [item["categories"] for item in answer["items"]]
        assert lists["eve"] != lists["visitor-001"]
        assert page.client.get("/recommend/eve").status_code == 401


def _write_files(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _program(folder: Path, name: str, script: str) -> None:
    """Put a program in the way that does what one of another system would."""
    path = folder / "programs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\nset -e\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def _gorse(folder: Path) -> None:
    (folder / "sample.bin").write_bytes(GORSE)
    _program(folder, "gorse-cli", f'[ "$1" = dump ] && cp {folder}/sample.bin "$2"')


def _universal(folder: Path) -> None:
    _write_files(folder, {"sample.json": EVENTS})
    _program(folder, "pio", f'[ "$1" = export ] && mkdir -p "$5" && cp {folder}/sample.json "$5/part-00000"')


PREPARED: dict[str, Callable[[Path], None]] = {
    "gorse": _gorse,
    "personalize": lambda folder: _write_files(folder, PERSONALIZE),
    "recombee": lambda folder: _write_files(folder, RECOMBEE),
    "universal-recommender": _universal,
}
EXPECTED = {
    "gorse": {"like", "view", "purchase"},
    "personalize": {"purchase", "view"},
    "recombee": {"purchase", "view", "cart", "like", "rating"},
    "universal-recommender": {"purchase", "view"},
}
TITLES = {"recombee": "Trail shoe", "universal-recommender": "Trail shoe"}


@pytest.mark.parametrize(
    "name", [MIGRATIONS[0], *(pytest.param(name, marks=pytest.mark.slow) for name in MIGRATIONS[1:])]
)
def test_an_export_is_imported_by_the_commands_of_the_guide(isolated: Path, free_port: int, name: str) -> None:
    """Without training, which takes long: the server answers from the log."""
    PREPARED[name](isolated)
    without = ["3. Train and serve", "4. Train and serve"]
    with followed(f"docs/migration/{name}.md", isolated, free_port, without=without):
        pass
    with server(isolated, free_port, BRAID_ID_RULE="utf8") as client:
        _require_imported(client, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", MIGRATIONS)
def test_a_migration_ends_with_a_bundle_that_serves(isolated: Path, free_port: int, name: str) -> None:
    PREPARED[name](isolated)
    with followed(f"docs/migration/{name}.md", isolated, free_port) as page:
        _require_imported(page.client, name)
        assert page.client.get("/recommend/u-1").json()["bundle_version"] is not None


def _require_imported(client: httpx.Client, name: str) -> None:
    rows = client.get("/users/u-1/interactions").json()["items"]
    assert {row["event_type"] for row in rows} == EXPECTED[name]
    answer = client.get("/recommend/u-1?include=title,categories").json()
    assert answer["strategy"] == "personalized"
    if name in TITLES:
        assert client.get("/items/sku-1").json()["title"] == TITLES[name]
    else:
        assert client.get("/items/sku-1").json()["categories"] == ["shoes"]
