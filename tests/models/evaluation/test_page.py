import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from models.evaluation.page import render_page
from models.evaluation.plots import blend_shares
from models.evaluation.report import EvaluationReport

MakeReport = Callable[..., EvaluationReport]
SHOWN = ["metrics", "history", "blend", "trials", "curves", "calibration"]
EMPTY = {"br", "meta", "path", "use", "line", "circle", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """What stands on a page: its ids, its images and what describes them, its tables, and where it points."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.described: list[str] = []
        self.open: list[str] = []
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        self.tags.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.references += [value for name, value in found.items() if name in {"href", "xlink:href", "src"}]
        self.references += re.findall(r"url\(([^)]*)\)", " ".join(found.values()))
        if tag == "svg":
            assert found["role"] == "img"
            self.described.append(found["aria-labelledby"])
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in EMPTY:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag not in EMPTY:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())


@pytest.fixture(scope="module")
def page(make_report: MakeReport) -> Page:
    return Page(render_page(make_report(), "my <shop> & more"))


def test_every_element_is_closed_and_no_id_is_used_twice(page: Page) -> None:
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_every_image_is_described_and_its_numbers_stand_in_a_table(page: Page) -> None:
    assert page.described == [f"{name}-caption" for name in SHOWN]
    assert set(page.described) <= set(page.ids)
    assert page.tags.count("details") == len(SHOWN)
    assert page.tags.count("table") == len(SHOWN) + 1 + 1 + 3


def test_the_page_needs_no_network_and_no_script(page: Page) -> None:
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert page.references
    assert {reference.removeprefix("#") for reference in page.references} <= set(page.ids)
    assert all(reference.startswith("#") for reference in page.references)


def test_names_are_shown_and_never_read_as_markup(page: Page) -> None:
    assert page.texts.count("Evaluation of my <shop> & more") == 2
    assert "shop" not in page.tags


def test_the_page_says_what_was_measured_when_and_how(page: Page) -> None:
    texts = page.texts
    for said in ("temporal", "2026-11-24T12:34:56+00:00", "321", "0.3111 (0.3011 to 0.3311)", "4 s", "1,234 MB"):
        assert said in texts
    for name, value in (
        ("users", "12,345"),
        ("rows_dropped.exact duplicate", "4"),
        ("item_knn.neighbours", "200"),
        ("ranking", "2.5"),
        ("content", "0.600"),
        ("0.1 to 0.2", "60"),
    ):
        assert (name, value) in pairwise(texts)


@pytest.mark.parametrize(("spent", "words"), [(True, "spent: some settings were not tried"), (False, "not spent")])
def test_the_page_says_whether_the_budget_ended_the_search(make_report: MakeReport, spent: bool, words: str) -> None:
    report = make_report(settings={**make_report().settings, "budget_spent": spent})
    assert f"<dt>Budget</dt><dd>{words}</dd>" in render_page(report, "a shop")


def test_segments_are_listed_with_their_users(page: Page) -> None:
    texts = page.texts
    for name, users in (
        ("history: 1", "100"),
        ("history: more", "20"),
        ("long-tail targets", "77"),
        ("new users", "64"),
        ("the same, known", "64"),
    ):
        at = texts.index(name)
        assert texts[at + 1 : at + 6] == [users, "0.5000", "0.5000", "0.5000", texts[at + 5]]
        assert texts[at + 5].startswith("0.3")
    at = texts.index("no history")
    assert texts[at + 1 : at + 8] == [
        "33",
        "0.5000",
        "-",
        "0.5000",
        "0.3000 (0.2900 to 0.3200)",
        "-",
        "0.2000 (0.1900 to 0.2200)",
    ]


def test_lines_and_letters_take_the_colour_of_the_page(make_report: MakeReport) -> None:
    page = render_page(make_report(), "x")
    assert "currentColor" in page
    assert set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", page)) == {"#3478c6", "#8a8f98", "#d9762b"}


def test_the_same_report_gives_the_same_page(make_report: MakeReport) -> None:
    assert render_page(make_report(), "x") == render_page(make_report(), "x")


def test_without_a_network_the_page_shows_the_rest(make_report: MakeReport) -> None:
    page = Page(render_page(make_report(curves={}, calibration=[]), "x"))
    assert page.described == [f"{name}-caption" for name in SHOWN[:4]]


def test_a_calibration_without_a_hit_can_be_drawn(make_report: MakeReport) -> None:
    unlucky = [{"low": 0.1, "high": 0.2, "candidates": 5, "predicted": 0.15, "observed": 0.0}]
    assert "calibration-caption" in render_page(make_report(calibration=unlucky), "x")


def test_shares_of_the_score_are_those_of_the_parts_that_were_there(make_report: MakeReport) -> None:
    assert blend_shares(make_report()) == pytest.approx({"item_knn": 0.2, "content": 0.6, "network": 0.2})
    without = make_report(settings={"blend": {"candidates": 9, "item_knn": 0.0, "content": 0.0, "network_weight": 0.0}})
    assert blend_shares(without) == {"item_knn": 0.0, "content": 0.0, "network": 0.0}


def test_drawing_loads_neither_tensorflow_nor_pyplot() -> None:
    code = """
import sys
import models.evaluation.page
print(sorted(name for name in ("tensorflow", "keras", "matplotlib", "matplotlib.pyplot") if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "['matplotlib']\n"
