"""The command in this process: what it prints, and how it ends."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
WITHOUT_TENSORFLOW = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None
sys.argv = ["braid", "train"]
from app.cli.main import main
main()
"""


@pytest.fixture
def run(braid_here: Callable[..., subprocess.CompletedProcess[str]]) -> Run:
    """Run the command here; gives exit code, output and errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        done = braid_here(*arguments)
        return done.returncode, done.stdout, done.stderr

    return call


@pytest.fixture
def folder(isolated: Path) -> Path:
    made = isolated / "data"
    made.mkdir()
    (made / "interactions.csv").write_text(
        "user_id,item_id,event_type,timestamp,event_id\nu,late,view,-1,a\nu,early,view,-5,b\nu,x,bought,1,c\n"
    )
    return made


def test_an_import_says_what_became_of_the_rows(run: Run, folder: Path) -> None:
    (folder / "users.csv").write_text("user_id\nu\n")
    (folder / "items.csv").write_text("item_id,title\nlate,Late\n")
    run("migrate")
    code, out, err = run("import", str(folder), "--timestamps", "order")
    assert (code, "Traceback" in err) == (0, False)
    assert "interactions: 3 rows read, 2 kept" in out
    assert "interactions: 1 dropped: event_type unknown" in out
    assert "items: 1 rows read, 1 kept" in out
    assert "users: 1 rows read, 1 kept" in out
    code, out, _ = run("import", str(folder), "--timestamps", "order")
    assert (code, "these files were imported before" in out) == (0, True)
    code, out, _ = run("import", str(folder), "--timestamps", "order", "--again")
    assert (code, "interactions: 0 added, 2 are already in the log" in out) == (0, True)


def test_times_that_are_no_seconds_import_nothing(run: Run, folder: Path) -> None:
    run("migrate")
    code, _, err = run("import", str(folder))
    assert (code, "--timestamps order takes them for an order" in err.splitlines()[-1]) == (2, True)
    code, _, err = run("import", str(folder), "--timestamps", "seconds")
    assert code == 2
    assert "2 dropped: timestamp not seconds since 1970" in err.splitlines()[-1]


def test_wrong_ways_to_name_timestamps_are_refused(run: Run, folder: Path) -> None:
    code, _, err = run("import", str(folder), "--timestamps", "minutes")
    assert (code, "minutes" in err) == (2, True)


@pytest.mark.parametrize("command", [("serve",), ("train",), ("migrate",)])
def test_an_unreachable_database_ends_every_command_with_1(
    run: Run, monkeypatch: pytest.MonkeyPatch, free_port: int, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("BRAID_DATABASE_URL", f"postgresql://braid:s3cret@127.0.0.1:{free_port}/braid")
    code, _, err = run(*command)
    assert (code, len(err.splitlines()), "s3cret" in err) == (1, 1, False)
    assert err.startswith("braid: postgresql+asyncpg://braid:***@127.0.0.1")


def test_more_users_than_interactions_cannot_be_generated(run: Run, free_port: int) -> None:
    code, _, err = run("demo", "--synthetic", "--users", "9", "--interactions", "5", "--port", str(free_port))
    assert (code, "--interactions" in err) == (2, True)


def test_an_address_of_another_machine_cannot_be_served_on(run: Run, free_port: int) -> None:
    run("migrate", "--first-key")
    code, _, err = run("serve", "--host", "192.0.2.1", "--port", str(free_port))
    assert (code, err.startswith(f"braid: 192.0.2.1:{free_port}: ")) == (1, True)


def test_the_clock_of_a_test_ends_a_server_that_others_would_reach(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_TEST_CLOCK", "2011-11-11T00:00:00Z")
    code, out, err = run("serve", "--host", "0.0.0.0")  # noqa: S104
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert err.startswith("braid: BRAID_TEST_CLOCK: is for tests on this machine only")


def test_to_be_interrupted_is_130_without_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.cli.migrating.load_settings", interrupted)
    code, out, err = run("migrate")
    assert (code, out) == (130, "")
    assert "Traceback" not in err


def test_without_arguments_the_commands_are_listed(run: Run) -> None:
    _, out, err = run()
    for name in ("migrate", "import", "train", "evaluate", "serve", "demo"):
        assert name in out + err


def test_an_installation_without_tensorflow_says_what_training_needs(run: Run, folder: Path) -> None:
    run("migrate")
    run("import", str(folder), "--timestamps", "order")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "training needs `pip install 'braid-recommender[train]'`" in done.stderr


def test_an_export_writes_a_folder_that_can_be_imported(run: Run, folder: Path, tmp_path: Path) -> None:
    run("migrate")
    run("import", str(folder), "--timestamps", "order")
    target = tmp_path / "made" / "here"
    code, out, _ = run("export", str(target))
    assert (code, out.count("2 interactions")) == (0, 1)
    assert sorted(path.name for path in target.iterdir()) == ["interactions.parquet"]
    code, out, _ = run("import", str(target), "--timestamps", "order")
    assert (code, "interactions: 2 rows read, 2 kept" in out) == (0, True)


def test_a_misspelt_command_of_an_export_is_no_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run("export", "rekommendations")
    assert code == 2
    assert "did you mean 'recommendations'? A folder of that name is written ./rekommendations" in " ".join(
        err.replace("\u2502", " ").split()
    )
    assert list(tmp_path.iterdir()) == []
    run("migrate")
    assert run("export", "./rekommendations")[0] == 0
    assert (tmp_path / "rekommendations").is_dir()


def test_a_migration_lists_what_looks_like_an_order_and_moves_it_when_that_is_confirmed(run: Run, folder: Path) -> None:
    def migrated(*options: str) -> str:
        code, out, err = run("migrate", *options)
        assert code == 0, err
        return out

    assert "would be brought from nothing to" in migrated("--dry-run")
    assert "were brought from nothing to" in migrated()
    assert migrated("--dry-run").endswith("the tables are up to date\n")
    (folder / "interactions.csv").write_text("user_id,item_id,timestamp\nu,a,1\nu,b,2\nu,c,1433221332\n")
    run("import", str(folder), "--timestamps", "seconds")
    listed = migrated("--dry-run")
    assert "2 rows look like an order (1970-01-01T00:00:01+00:00 to 1970-01-01T00:00:02+00:00)" in listed
    assert "`braid migrate --confirm-order` moves them" in listed
    assert "2 rows that looked like an order moved" in migrated("--confirm-order")
    assert migrated("--dry-run").endswith("the tables are up to date\n")
    code, _, err = run("migrate", "--dry-run", "--confirm-order")
    assert (code, "--dry-run" in err) == (2, True)
