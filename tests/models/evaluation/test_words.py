"""Nothing in a report is without a meaning."""

import ast
from pathlib import Path

import pytest

from models.evaluation import words
from models.evaluation.facts import setting_meaning
from models.evaluation.report import SEGMENT_TITLES
from models.ranking.candidates import PARTS
from models.ranking.config import RankingConfig

SOURCES = sorted(Path(words.__file__).parents[1].glob("training/*.py")) + sorted(
    Path(words.__file__).parent.glob("*.py")
)
AFTER_THE_REPORT = {"comparing", "publishing", "similar items", "check"}
"""Phases of a training that come once its report is written."""


def test_every_part_is_described() -> None:
    assert set(PARTS) - set(words.PARTS) == set()


def test_every_segment_has_a_meaning() -> None:
    assert set(SEGMENT_TITLES) == set(words.SEGMENTS)


def phases() -> set[str]:
    """Return the phases that are reported as progress, as they stand in the code."""
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                first = node.args[0] if node.args else None
                if name in {"progress", "watch"} and isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value)
                found |= {
                    str(one.value.value)
                    for one in node.keywords
                    if one.arg == "phase" and isinstance(one.value, ast.Constant)
                }
    return found


def test_every_phase_has_a_meaning() -> None:
    assert len(phases()) > 10
    assert phases() - set(words.PHASES) - AFTER_THE_REPORT == set()


def leaves(tree: dict[str, object], prefix: str = "") -> list[str]:
    found = []
    for name, value in tree.items():
        found += leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else [f"{prefix}{name}"]
    return found


def test_every_setting_has_a_meaning() -> None:
    settings = leaves(RankingConfig().model_dump())
    assert [path for path in settings if not setting_meaning(path)] == []


@pytest.mark.parametrize(
    "name", ["recall", "ndcg", "hit_rate", "mrr", "map", "coverage", "novelty", "diversity", "rating"]
)
def test_every_metric_has_a_meaning(name: str) -> None:
    ((_, meaning),) = words.metric_meanings([f"{name}@10"], 10)
    assert meaning
