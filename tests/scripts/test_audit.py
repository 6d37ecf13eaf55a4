"""What `make audit` says of packages that are vulnerable, sound, or unknown, and when nobody answers."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from audit import NOT_ASKED, main, report

SOUND = {"name": "numpy", "version": "2.3.0", "vulns": []}
UNKNOWN = {"name": "keras", "skip_reason": "Dependency not found on PyPI"}
VULNERABLE = {
    "name": "jinja2",
    "version": "2.10",
    "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"], "aliases": ["CVE-2019-10906"]}],
}


def test_a_package_without_data_is_unknown_and_not_sound() -> None:
    assert report([SOUND, UNKNOWN]) == (
        [
            "unknown     keras: Dependency not found on PyPI",
            "1 of 2 packages known, 0 vulnerable",
            "There are no data about 1: whether they are vulnerable is unknown.",
        ],
        0,
    )


def test_a_vulnerable_package_is_named_with_the_version_that_mends_it() -> None:
    lines, vulnerable = report([VULNERABLE, SOUND])
    assert vulnerable == 1
    assert lines == [
        "vulnerable  jinja2 2.10: PYSEC-2019-217, CVE-2019-10906; fixed in 2.10.1",
        "2 of 2 packages known, 1 vulnerable",
    ]


def test_that_the_index_cannot_be_asked_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"jinja2==2.10 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert main([str(requirements)]) == NOT_ASKED
    said = capsys.readouterr()
    assert "nothing is known about any package" in said.err
    assert said.out == ""
