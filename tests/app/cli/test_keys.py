"""`braid key`, and a server for a network without one."""

import re
import subprocess
from collections.abc import Callable

import pytest

Run = Callable[..., tuple[int, str, str]]
KEY = re.compile(r"braid_sk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


@pytest.fixture
def run(braid_here: Callable[..., subprocess.CompletedProcess[str]]) -> Run:
    """Run the command here; gives exit code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        done = braid_here(*arguments)
        return done.returncode, done.stdout, done.stderr

    return call


def test_a_key_with_a_limit_is_made_and_listed(run: Run) -> None:
    run("migrate")
    code, out, _ = run("key", "create", "--name", "shop", "--scope", "read", "--rate-limit", "100/second")
    assert code == 0
    assert "limit: 100/second" in out
    assert re.search(r"shop\s+read\s+100/second\s", run("key", "list")[1])


def test_a_key_is_made_listed_replaced_and_revoked(run: Run) -> None:
    run("migrate")
    code, out, _ = run("key", "create", "--name", "shop", "--scope", "read", "--scope", "write")
    made = KEY.search(out)
    assert (code, made is not None) == (0, True)
    assert made is not None
    code, out, _ = run("key", "list")
    assert code == 0
    assert re.search(rf"{made[1]}\s+shop\s+read, write\s", out)
    assert KEY.search(out) is None
    code, out, _ = run("key", "rotate", made[1], "--grace-hours", "0.1")
    replaced = KEY.search(out)
    assert replaced is not None
    assert (code, replaced[1] != made[1]) == (0, True)
    assert run("key", "revoke", made[1])[0] == 0
    code, _, err = run("key", "revoke", made[1])
    assert code == 1
    assert f"there is no valid key '{made[1]}'" in err
    assert "revoked" in run("key", "list")[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--scope", "everything"), "'read', 'write', 'personal'"),
        (("--scope", "publish"), "needs origins"),
        (("--scope", "read", "--rate-limit", "often"), "'often' is not a limit such as 600/minute"),
        (("--scope", "publish", "--origin", "shop.example"), "no origin"),
    ],
)
def test_what_is_no_key_is_refused(run: Run, options: tuple[str, ...], said: str) -> None:
    run("migrate")
    code, _, err = run("key", "create", "--name", "n", *options)
    assert code == 2
    assert said in " ".join(err.replace("\u2502", " ").split())


def test_the_first_key_is_made_with_the_tables_and_once(run: Run) -> None:
    code, out, _ = run("migrate", "--first-key")
    assert code == 0
    assert KEY.search(out)
    code, out, _ = run("migrate", "--first-key")
    assert code == 0
    assert KEY.search(out) is None


def test_without_a_key_a_server_for_a_network_does_not_start(run: Run) -> None:
    run("migrate")
    code, _, err = run("serve", "--host", "0.0.0.0")  # noqa: S104 - it must not listen there
    assert code == 1
    assert "there is no API key: make one with `braid key create" in err
