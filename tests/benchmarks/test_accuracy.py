import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from benchmarks.accuracy import cli
from benchmarks.baselines.registry import SYSTEMS
from benchmarks.baselines.system import System
from benchmarks.comparison import NAMES
from models.data.folder import write_folder
from models.data.synthetic import generate


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "tiny"
    write_folder(path, generate(80, 40, 1600, seed=7, groups=2))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def done(folder: Path) -> tuple[Result, dict[str, Any]]:
    output = folder.parent / "new" / "all.json"
    result = run(folder, "--budget", 0, "--k", "5,10", "--seed", 3, "--output", output)
    assert result.exit_code == 0, result.output
    return result, json.loads(output.read_text(encoding="utf-8"))


def test_every_system_has_a_row_or_a_reason(done: tuple[Result, dict[str, Any]]) -> None:
    result, document = done
    [found] = document["comparisons"]
    assert found["results"].keys() | found["left_out"].keys() == set(NAMES)
    assert found["left_out"]["repeats"] == "seen items are not recommended without --include-seen"
    lines = result.stdout.splitlines()
    assert lines[0] == "## tiny, leave-last-out"
    rows = [line.split("|")[1].strip() for line in lines if line.startswith("|")]
    assert rows == ["", "---", *found["results"]]
    assert "Braid's budget was spent" in result.stdout


@pytest.mark.parametrize("system", [system.name for system in SYSTEMS if system.name != "repeats"], indirect=True)
def test_an_installed_system_is_measured(done: tuple[Result, dict[str, Any]], system: System) -> None:
    found = done[1]["comparisons"][0]["results"][system.name]
    # Pairs that were had more than once are stronger: systems that can read that try it first.
    started = {**system.start, "counts": True} if system.reads_counts else dict(system.start)
    assert found["trials"][0]["setting"] == started
    assert found["setting"] in [trial["setting"] for trial in found["trials"]]
    assert found["seconds"].keys() == {"tuning", "fitting", "ranking"}
    braid = done[1]["comparisons"][0]["results"]["braid"]
    for metric, (low, high) in found["intervals"].items():
        assert low <= found["metrics"][metric] <= high
        other_low, other_high = braid["intervals"][metric]
        assert found["overlaps"][metric] == (max(low, other_low) <= min(high, other_high))


def test_popularity_has_the_figures_of_braids_own(done: tuple[Result, dict[str, Any]]) -> None:
    results = done[1]["comparisons"][0]["results"]
    assert results["popularity"]["metrics"].items() <= results["braid"]["parts"]["popularity"].items()
    assert results["popularity"]["metrics"]["recall@10"] > 0


def test_the_others_get_the_seconds_of_braids_learning(done: tuple[Result, dict[str, Any]]) -> None:
    [found] = done[1]["comparisons"]
    seconds = found["results"]["braid"]["seconds"]
    around = ["cleaning", "splitting", "ranking", "metrics", "segments", "calibration", "refit without new users"]
    around += ["ranking new users", "tuning"]
    assert found["budget"] == pytest.approx(sum(spent for phase, spent in seconds.items() if phase not in around))
    assert found["results"]["item_knn"]["seconds"]["tuning"] >= found["budget"] > 0


def test_the_file_tells_where_and_with_what(done: tuple[Result, dict[str, Any]]) -> None:
    document = done[1]
    assert document["machine"]["cores"] >= 1
    assert document["machine"]["python"].startswith("3.")
    assert document["versions"]["numpy"]
    assert {"implicit", "irspack", "cornac"} <= document["versions"].keys()
    assert document["options"]["seed"] == 3
    assert document["date"].endswith("+00:00")


def test_seen_items_may_be_measured(tmp_path: Path) -> None:
    # Everybody takes turns between two items of their own.
    rows = [f"u{user},{'ab'[at % 2]}{user},{at}" for user in range(8) for at in range(6)]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows, ""]))
    output = tmp_path / "seen.json"
    names = ("braid", "popularity", "repeats", "item_knn")
    options = ("--include-seen", "--only", ",".join(names), "--budget", 0, "--k", 2, "--output", output)
    result = run(tmp_path, *options)
    assert result.exit_code == 0, result.output
    found = json.loads(output.read_text(encoding="utf-8"))["comparisons"][0]["results"]
    assert tuple(found) == names
    assert "counts" in found["item_knn"]["setting"]
    assert found["repeats"]["metrics"]["recall@2"] == 1.0
    assert found["popularity"]["metrics"]["recall@2"] <= 0.25
    assert found["popularity"]["metrics"].items() <= found["braid"]["parts"]["popularity"].items()


def test_a_fixed_test_is_ranked_with_what_was_fitted_on_everything(tmp_path: Path) -> None:
    # `z` comes last for everybody: only a fit on train and validation knows it.
    rows = [f"u{user},{item},{at}" for user in range(6) for at, item in enumerate("abz")]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows, "v,a,0", ""]))
    (tmp_path / "test.csv").write_text("user_id,item_id\nv,z\n")
    output = tmp_path / "fixed.json"
    result = run(tmp_path, "--only", "sequential_rules", "--budget", 0, "--k", 2, "--output", output)
    assert result.exit_code == 0, result.output
    [found] = json.loads(output.read_text(encoding="utf-8"))["comparisons"]
    assert found["protocol"] == "fixed"
    assert found["results"]["sequential_rules"]["metrics"]["recall@2"] == 1.0


def test_no_system_learns_from_the_temporal_test(tmp_path: Path) -> None:
    # `z` follows `d` in the test alone; before it, one user had `e` after `d`.
    days = {"a": 0, "b": 1, "c": 10, "d": 17, "z": 19.5}
    rows = [f"u{user},{item},{day * 86_400}" for user in range(6) for item, day in days.items()]
    rows += ["w,d,0", "w,e,86400", "w,a,172800"]
    (tmp_path / "interactions.csv").write_text("\n".join(["user_id,item_id,timestamp", *rows, ""]))
    output = tmp_path / "temporal.json"
    options = ("--protocol", "temporal", "--test-days", 2, "--only", "sequential_rules", "--budget", 0, "--k", 1)
    result = run(tmp_path, *options, "--output", output)
    assert result.exit_code == 0, result.output
    [found] = json.loads(output.read_text(encoding="utf-8"))["comparisons"]
    assert found["counts"]["test_users"] == 6
    assert found["results"]["sequential_rules"]["metrics"]["recall@1"] == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--only", "braid,magic"), "magic: the names are braid, popularity"),
        (("--only", "popularity"), "need a --budget"),
        (("--protocol", "guess"), "must be one of fixed"),
        (("--k", "0"), "must be whole numbers from 1"),
    ],
)
def test_wrong_usage_ends_before_any_work(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run(folder, *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_a_missing_folder_is_reported_in_one_line(tmp_path: Path) -> None:
    result = run(tmp_path / "nowhere", "--output", tmp_path / "new.json")
    assert result.exit_code == 2
    assert result.stderr == f"accuracy: {tmp_path / 'nowhere'}: there is no such folder\n"
