import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from models.filters.knowledge import KnowledgeConfig
from models.recommenders.registry import RECOMMENDERS
from models.similar.config import SimilarConfig

PAGES = Path(__file__).resolve().parents[3] / "docs"
PAGE, SIMILAR = PAGES / "recommenders.md", PAGES / "similar-items.md"


def configs() -> Iterator[tuple[str, type[BaseModel]]]:
    """Give the module of each recommender and the class of its settings; kinds of acts share a module."""
    modules = {entry.config: entry.config.__module__.rpartition(".")[2] for entry in RECOMMENDERS}
    yield from ((module, config) for config, module in modules.items())
    yield "knowledge", KnowledgeConfig


def documented(page: Path = PAGE) -> dict[str, dict[str, tuple[str, str]]]:
    """Give the settings that each section of a page lists: name to default and meaning."""
    sections: dict[str, dict[str, tuple[str, str]]] = {}
    for section in page.read_text(encoding="utf-8").split("\n## ")[1:]:
        name, _, body = section.partition("\n")
        rows = re.findall(r"^\| `(\w+)` \| (\S+) \| (.+) \|$", body, re.MULTILINE)
        sections[name] = {setting: (default, meaning) for setting, default, meaning in rows}
    return sections


def test_every_setting_of_a_recommender_stands_in_the_docs_with_its_default() -> None:
    found = list(configs())
    assert {"content", "knowledge", "item_knn"} <= {module for module, _ in found}
    sections = documented()
    for module, config in found:
        expected = {name: (str(field.default), field.description) for name, field in config.model_fields.items()}
        assert sections.get(module) == expected, module


def test_every_setting_of_similar_items_stands_in_the_docs_with_its_default() -> None:
    expected = {name: (str(field.default), field.description) for name, field in SimilarConfig.model_fields.items()}
    assert documented(SIMILAR)["Settings"] == expected


def test_recommenders_without_settings_have_a_section_too() -> None:
    assert "popularity" in documented()
