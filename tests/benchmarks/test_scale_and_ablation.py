import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.ablation import cli as ablation
from benchmarks.scale import Run, draw
from models.data.folder import write_folder
from models.data.synthetic import generate


@pytest.mark.slow
def test_each_part_that_is_named_is_switched_off_in_turn(tmp_path: Path) -> None:
    write_folder(tmp_path / "made", generate(60, 30, 600, seed=1))
    output = tmp_path / "out" / "ablation.json"
    command = [str(tmp_path / "made"), "--without", "network,item_knn+user_knn", "--k", "5", "--output", str(output)]
    done = CliRunner().invoke(ablation, command)
    assert done.exit_code == 0, done.output
    rows = json.loads(output.read_text())["rows"]
    assert [row["without"] for row in rows] == ["nothing", "network", "item_knn+user_knn"]
    assert all(row["interval"][0] <= row["lost"] <= row["interval"][1] for row in rows)
    full, *less = rows
    assert full["lost"] == 0
    assert [row["lost"] for row in less] == [pytest.approx(full["ndcg@5"] - row["ndcg@5"], abs=2e-4) for row in less]
    assert any(row["lost"] for row in less)


def test_runs_are_drawn_with_their_axes(tmp_path: Path) -> None:
    path = tmp_path / "scale.svg"
    draw([Run(1000, 2.0, 500.0, {}), Run(10_000, 21.0, 700.0, {})], path)
    text = path.read_text()
    assert "<svg" in text
    assert text.count('id="axes_') == 2
