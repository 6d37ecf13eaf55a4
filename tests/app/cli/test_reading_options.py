"""`braid evaluate` reads files as `braid import` does, and says what has to be said first."""

from pathlib import Path

import pytest

from tests.app.cli.cases.shop import Braid


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "the column 'date' has times without a zone"),
        (("--timezone", "Nowhere"), "'Nowhere' is not a time zone"),
        (("--timezone", "UTC", "--map", "value=stars"), "no file has a column 'stars'"),
        (("--timezone", "UTC", "--encoding", "runes"), "'runes' is not an encoding"),
        (("--timezone", "UTC", "--mapping", "nowhere.toml"), "nowhere.toml: cannot be read"),
        (("--timezone", "UTC"), "no usable row is left (1 no user_id)"),
    ],
)
def test_what_has_to_be_said_is_named(braid_here: Braid, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/interactions.csv").write_text("userId;movieId;date\nNULL;i;2026-03-01 12:05\n")
    done = braid_here("evaluate", tmp_path / "data", *options)
    assert done.returncode == 2
    assert said in done.stderr
