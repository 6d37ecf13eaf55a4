"""Builds the site of the guide into app/api/guide_site: `make guide`. It fetches nothing.

MkDocs makes the pages from docs/ and mkdocs.yml. This script then turns formulas into MathML, takes links to files
outside of docs/ out, and fails where a link leads nowhere or a page would load something from another server.
"""

import html
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from latex2mathml.converter import convert

ROOT = Path(__file__).resolve().parents[1]
_FORMULA = re.compile(r'<(span|div) class="arithmatex">(.*?)</\1>', re.DOTALL)
_LINK = re.compile(r'<a\b[^>]*?\bhref="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_LOADED = re.compile(r'<(?:script|img|iframe|source|video|audio|embed)\b[^>]*?\bsrc="([^"]*)"|<link\b([^>]*)>')
_REFERENCE = re.compile(r'\bhref="([^"]*)"')
_ID = re.compile(r'\b(?:id|name)="([^"]+)"')
_LOADING = re.compile(r'\brel="[^"]*(?:stylesheet|icon|preload|preconnect|prefetch|manifest)')


class GuideError(Exception):
    """What is wrong with the guide, a line for each fault."""


def settings(root: Path) -> dict[str, object]:
    """Return the first level of mkdocs.yml."""
    read: dict[str, object] = yaml.safe_load((root / "mkdocs.yml").read_text(encoding="utf-8"))
    return read


def build(root: Path = ROOT) -> Path:
    """Build the site and return its folder.

    Raises
    ------
    GuideError
        A page was not made, a link leads nowhere, or a page would load something from another server.
    """
    given = settings(root)
    site, docs = root / str(given["site_dir"]), root / str(given["docs_dir"])
    shutil.rmtree(site, ignore_errors=True)
    mkdocs = Path(sys.executable).with_name("mkdocs")
    done = subprocess.run(  # noqa: S603 - the command of the environment
        [mkdocs, "build", "--strict", "--quiet"], cwd=root, capture_output=True, text=True, check=False
    )
    if done.returncode or not (site / "index.html").is_file():
        raise GuideError(f"mkdocs: {done.stdout}{done.stderr}".strip())
    # What no browser asks for: maps for debuggers, and the search in other languages.
    for path in (*site.rglob("*.map"), *site.glob("assets/javascripts/lunr/**/*.js")):
        path.unlink()
    pages = sorted(site.rglob("*.html"))
    for page in pages:
        page.write_text(finished(page.read_text(encoding="utf-8"), page, site, docs), encoding="utf-8")
    faults = [fault for page in pages for fault in faults_of(page, site)]
    if faults:
        raise GuideError("\n".join(faults))
    return site


def finished(text: str, page: Path, site: Path, docs: Path) -> str:
    """Return a page with its formulas as MathML, and without links to files of the repository outside of docs/."""
    docs = docs.resolve()

    def formula(found: re.Match[str]) -> str:
        tex = html.unescape(found[2]).strip()
        display = "block" if tex.startswith("\\[") else "inline"
        return convert(
            tex.removeprefix("\\[").removesuffix("\\]").removeprefix("\\(").removesuffix("\\)"), display=display
        )

    def link(found: re.Match[str]) -> str:
        url = urlsplit(html.unescape(found[1]))
        if url.scheme or url.netloc or not url.path or _target(page, url.path, site) is not None:
            return found[0]
        # A page is a folder of the site, and a file of docs/ beside that folder; the first page is a file of both.
        beside = docs / page.parent.relative_to(site) / ("" if page.parent == site else "..")
        place = (beside / url.path).resolve()
        return found[2] if place.is_relative_to(docs.parent) and not place.is_relative_to(docs) else found[0]

    return _LINK.sub(link, _FORMULA.sub(formula, text))


def faults_of(page: Path, site: Path) -> Iterator[str]:
    """Tell what is wrong with a page of the site."""
    text, place = page.read_text(encoding="utf-8"), page.relative_to(site)
    for url, link in _LOADED.findall(text):
        loaded = [url] if url else _REFERENCE.findall(link) if _LOADING.search(link) else []
        yield from (f"{place}: loads {one} from another server" for one in loaded if urlsplit(one).netloc)
    if page.name == "404.html":
        # Its links begin at the root, wherever it is served.
        return
    for found in _LINK.finditer(text):
        url = urlsplit(html.unescape(found[1]))
        if url.scheme or url.netloc:
            continue
        target = _target(page, url.path, site) if url.path else page
        if target is None:
            yield f"{place}: the link {found[1]} leads nowhere"
        elif url.fragment and target.suffix == ".html" and not _has(target, unquote(url.fragment)):
            yield f"{place}: {found[1]}: there is no such heading"


def _target(page: Path, path: str, site: Path) -> Path | None:
    """Return the file that a link of a page leads to."""
    place = (page.parent / unquote(path)).resolve()
    place = place / "index.html" if place.is_dir() else place
    return place if place.is_file() and place.is_relative_to(site.resolve()) else None


def _has(page: Path, name: str) -> bool:
    # `__` begins the names of the theme's own switches.
    return name.startswith("__") or name in _ids(page)


@lru_cache
def _ids(page: Path) -> frozenset[str]:
    return frozenset(_ID.findall(page.read_text(encoding="utf-8")))


if __name__ == "__main__":
    try:
        print(build())  # noqa: T201 - what the command prints
    except GuideError as error:
        sys.exit(str(error))
