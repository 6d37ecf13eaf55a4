"""The site of the guide: formulas, links, and nothing of another server."""

import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from build_guide import GuideError, build, faults_of, finished

from tests.conftest import MakeOnce


@pytest.fixture(scope="module")
def built(once: MakeOnce, repository: Path) -> Path:
    """Build the guide of this repository, in a copy of what it is made from."""

    def fill(draft: Path) -> None:
        shutil.copytree(repository / "docs", draft / "docs")
        shutil.copyfile(repository / "mkdocs.yml", draft / "mkdocs.yml")
        build(draft)

    return once("guide", fill) / "app/api/guide_site"


def places(tree: object) -> list[str]:
    """List the pages of the navigation."""
    if isinstance(tree, str):
        return [tree]
    inner = tree.values() if isinstance(tree, dict) else tree
    assert not isinstance(inner, str)
    return [page for one in inner for page in places(one)]  # type: ignore[attr-defined]


def test_the_guide_of_this_repository_is_built(built: Path) -> None:
    start = (built / "index.html").read_text(encoding="utf-8")
    assert "Braid" in start
    assert (built / "how-to" / "filters" / "index.html").exists()
    index = list(built.rglob("search*.json"))
    assert index
    assert "rotation" in "".join(path.read_text(encoding="utf-8") for path in index).lower()


def test_formulas_are_mathml(built: Path) -> None:
    page = (built / "explanation" / "ranking" / "index.html").read_text(encoding="utf-8")
    assert page.count("<math") > 15
    assert "arithmatex" not in page
    assert not re.search(r"\\(frac|sqrt|text)\b", page)


def test_every_page_stands_in_the_navigation_once(repository: Path) -> None:
    listed = places(yaml.safe_load((repository / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    there = sorted(str(path.relative_to(repository / "docs")) for path in (repository / "docs").rglob("*.md"))
    assert sorted(listed) == there


def test_nothing_is_loaded_from_another_server(built: Path) -> None:
    """The pages were looked at when they were built; these are the style sheets."""
    assert len(list(built.rglob("*.html"))) > 40
    for sheet in built.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import )['\"]?(?:https?:)?//", sheet.read_text(encoding="utf-8")) == []


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "site" / "one").mkdir(parents=True)
    (tmp_path / "site" / "one" / "index.html").write_text('<h2 id="here">x</h2>')
    return tmp_path / "site"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('<a href="one/#here">x</a>', None),
        ('<a href="https://example.com/">x</a>', None),
        ('<a href="one/#there">x</a>', "one/#there: there is no such heading"),
        ('<a href="two/">x</a>', "the link two/ leads nowhere"),
        ('<script src="https://cdn.example/x.js"></script>', "loads https://cdn.example/x.js from another server"),
        ('<img alt="" src="//cdn.example/x.png">', "loads //cdn.example/x.png from another server"),
        ('<link rel="stylesheet" href="https://cdn.example/x.css">', "loads https://cdn.example/x.css"),
        ('<link rel="canonical" href="https://example.com/">', None),
    ],
)
def test_faults_are_found(site: Path, text: str, fault: str | None) -> None:
    page = site / "index.html"
    page.write_text(text)
    found = list(faults_of(page, site))
    assert len(found) == (fault is not None)
    assert fault is None or fault in found[0]


def test_links_out_of_the_documentation_become_text(site: Path, tmp_path: Path) -> None:
    page = site / "one" / "index.html"
    text = '<a href="../SECURITY.md">the <b>policy</b></a> <a href="two.md">two</a> <a href="#here">here</a>'
    done = finished(text, page, site, tmp_path / "docs")
    assert done == 'the <b>policy</b> <a href="two.md">two</a> <a href="#here">here</a>'


def test_formulas_within_text_and_apart() -> None:
    text = '<span class="arithmatex">\\(a &lt; b\\)</span><div class="arithmatex">\\[\n\\frac{1}{2}\n\\]</div>'
    done = finished(text, Path("site/index.html"), Path("site"), Path("docs"))
    assert 'display="inline"' in done
    assert 'display="block"' in done
    assert "<mfrac>" in done
    assert "arithmatex" not in done


def test_a_guide_that_cannot_be_built_says_why(tmp_path: Path) -> None:
    (tmp_path / "mkdocs.yml").write_text("site_name: x\nsite_dir: out\ndocs_dir: none\n")
    with pytest.raises(GuideError):
        build(tmp_path)
