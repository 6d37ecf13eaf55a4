import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from models.evaluation.page import render_page
from models.evaluation.plots import blend_shares
from models.evaluation.report import EvaluationReport

MakeReport = Callable[..., EvaluationReport]
SHOWN = ["found", "metrics", "history", "blend", "trials", "curves", "calibration"]
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
        self.text = text
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
            title, caption = found["aria-labelledby"].split()
            assert title.removesuffix("-title") == caption.removesuffix("-caption")
            self.described += [title, caption]
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


def described(names: Sequence[str]) -> list[str]:
    return [f"{name}-{what}" for name in names for what in ("title", "caption")]


@pytest.fixture(scope="module")
def page(make_report: MakeReport) -> Page:
    return Page(render_page(make_report(), "my <shop> & more"))


def test_every_element_is_closed_and_no_id_is_used_twice(page: Page) -> None:
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))


def test_every_image_is_described_and_its_numbers_stand_in_a_table(page: Page) -> None:
    assert page.described == described(SHOWN)
    assert set(page.described) <= set(page.ids)
    assert page.tags.count("details") == len(SHOWN)
    assert page.tags.count("table") == len(SHOWN) + 1 + 1 + 3


def test_the_page_needs_no_network_and_no_script(page: Page) -> None:
    assert "script" not in page.tags
    assert "link" not in page.tags
    assert page.references == []


def test_names_are_shown_and_never_read_as_markup(page: Page) -> None:
    assert page.texts.count("Evaluation of my <shop> & more") == 2
    assert "shop" not in page.tags


def test_the_page_says_what_was_measured_when_and_how(page: Page) -> None:
    texts = page.texts
    for said in ("temporal", "2026-11-24 12:34 UTC", "321", "0.3111 (0.3011 to 0.3311)", "4 s", "1,234 MB"):
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


def test_the_page_begins_with_a_sentence_and_says_what_each_number_means(page: Page) -> None:
    texts = page.texts
    headline = "Braid finds an item that a user chose later in 41 of 100 top-ten lists, popularity in 7."
    assert texts.index(headline) < texts.index("How it was measured")
    for said in (
        "similar items kept for each item",
        "users that the data hold",
        "rows left out: exact duplicate",
        "dropping rows that cannot be used",
        "Items with similar titles, words and labels.",
    ):
        assert said in texts
    assert any(text.startswith("Share of the items that a user chose which are among the first 10") for text in texts)


def test_a_number_without_a_meaning_is_a_fault(page: Page) -> None:
    assert page.text.count('<td class="words">') > 10
    assert '<td class="words"></td>' not in page.text


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
    body = page.partition("</style>")[2]
    assert "light-dark(" in page
    assert re.search(r"#[0-9a-f]{3,6}|fill=|stroke=|style=", body) is None
    classes = {name for found in re.findall(r'class="([^"]*)"', body) for name in found.split()}
    styled = set(re.findall(r"\.([a-z]+)", page.partition("</style>")[0]))
    assert classes - styled == set()


def test_the_same_report_gives_the_same_page(make_report: MakeReport) -> None:
    assert render_page(make_report(), "x") == render_page(make_report(), "x")


def test_without_a_network_the_page_shows_the_rest(make_report: MakeReport) -> None:
    page = Page(render_page(make_report(curves={}, calibration=[]), "x"))
    assert page.described == described(SHOWN[:5])


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
    assert done.stdout == "[]\n"
