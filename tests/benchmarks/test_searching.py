"""The measurement of search: what it generates, and a short run of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.searching import Titles, cli


def test_queries_are_one_to_three_words_of_a_title() -> None:
    titles = Titles(500, seed=0)
    assert {len(title.split()) for title in titles.all} == {2, 3, 4, 5}
    queries = titles.queries(200)
    assert {len(query.split()) for query in queries} == {1, 2, 3}
    words = [set(title.split()) for title in titles.all]
    assert all(any(set(query.split()) <= own for own in words) for query in queries)
    counts = sorted((sum(word in own for own in words) for word in set.union(*words)), reverse=True)
    assert counts[0] > 100
    assert counts[len(counts) // 2] == 1
    assert Titles(500, seed=0).queries(200) == queries


def test_a_database_that_is_none_is_refused() -> None:
    assert CliRunner().invoke(cli, ["--items", "10", "--databases", "nothing"]).exit_code == 2


@pytest.mark.slow
def test_search_is_measured(repository: Path) -> None:
    short = ["--items", "300", "--queries", "20", "--databases", "sqlite"]
    command = [sys.executable, "-m", "benchmarks.searching", *short]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "p99" in done.stdout
    assert "; 0 lists empty" in done.stdout
