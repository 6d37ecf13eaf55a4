import hashlib
import io
import sys
import zipfile
from pathlib import Path

import pytest

from models.data import sample
from models.data.errors import DataSetError

WHEEL = "recbole-1.2.1-py3-none-any.whl"
FOLDER = "recbole/dataset_example/ml-100k/"
INTERACTIONS = (
    "user_id:token\titem_id:token\trating:float\ttimestamp:float\n196\t242\t3\t881250949\n22\t377\t1\t878887116\n"
)
ITEMS = (
    "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
    '242\tKolya "the boy"\t1996\tComedy Drama\n377\tHeavyweights\t\tComedy\n'
)


def packed(interactions: str = INTERACTIONS) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(FOLDER + "ml-100k.inter", interactions)
        archive.writestr(FOLDER + "ml-100k.item", ITEMS)
    return stream.getvalue()


@pytest.fixture
def wheel(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A small wheel that is taken for the pinned one."""
    content = packed()
    monkeypatch.setattr(sample, "_SHA256", hashlib.sha256(content).hexdigest())
    return content


def python_that(monkeypatch: pytest.MonkeyPatch, folder: Path, does: str) -> None:
    """Let a shell script stand where Python would run pip."""
    script = folder / "python"
    script.write_text(f"#!/bin/sh\n{does}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))


def refusal(cache: Path) -> str:
    with pytest.raises(DataSetError) as caught:
        sample.movielens(cache)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_cached_wheel_is_read_without_a_download(
    tmp_path: Path, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    python_that(monkeypatch, tmp_path, "echo no network >&2; exit 1")
    (tmp_path / WHEEL).write_bytes(wheel)
    found = sample.movielens(tmp_path)
    assert found.interactions.to_pylist()[0] == {
        "user_id": "196", "item_id": "242", "event_type": "rating", "value": 3.0, "timestamp": 881250949.0,
    }  # fmt: skip
    assert found.interactions.num_rows == 2


def test_items_get_title_categories_and_the_year_as_tag(tmp_path: Path, wheel: bytes) -> None:
    (tmp_path / WHEEL).write_bytes(wheel)
    items = sample.movielens(tmp_path).items
    assert items is not None
    assert items.to_pylist() == [
        {"item_id": "242", "title": 'Kolya "the boy"', "categories": ["Comedy", "Drama"], "tags": ["1996"]},
        {"item_id": "377", "title": "Heavyweights", "categories": ["Comedy"], "tags": []},
    ]


def test_only_an_intact_wheel_counts_as_cached(tmp_path: Path, wheel: bytes) -> None:
    assert not sample.is_cached(tmp_path)
    (tmp_path / WHEEL).write_bytes(wheel[:-1])
    assert not sample.is_cached(tmp_path)
    (tmp_path / WHEEL).write_bytes(wheel)
    assert sample.is_cached(tmp_path)


def test_a_damaged_cached_wheel_is_replaced(tmp_path: Path, wheel: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "source").write_bytes(wheel)
    (tmp_path / WHEEL).write_bytes(b"damaged")
    python_that(
        monkeypatch, tmp_path, f'case "$*" in *"{tmp_path}"*) cp "{tmp_path}/source" "{tmp_path}/{WHEEL}";; esac'
    )
    assert sample.movielens(tmp_path).interactions.num_rows == 2


def test_a_download_with_another_checksum_is_not_used(
    tmp_path: Path, wheel: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "source").write_bytes(packed(INTERACTIONS.replace("196", "666")))
    python_that(monkeypatch, tmp_path, f'cp "{tmp_path}/source" "{tmp_path}/{WHEEL}"')
    text = refusal(tmp_path)
    assert text.startswith(f"{tmp_path / WHEEL}: the SHA-256 differs from {hashlib.sha256(wheel).hexdigest()}")


def test_a_failed_download_gives_the_last_line_of_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python_that(monkeypatch, tmp_path, "echo warning >&2; echo ERROR: no network >&2; exit 1")
    (tmp_path / WHEEL).write_bytes(b"damaged")
    assert refusal(tmp_path) == "the sample data cannot be downloaded: ERROR: no network"


def test_a_silent_failure_of_the_download_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python_that(monkeypatch, tmp_path, "exit 3")
    assert refusal(tmp_path) == "the sample data cannot be downloaded: pip gave no reason"


def test_a_python_that_cannot_run_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    assert refusal(tmp_path).startswith(f"{tmp_path}: the sample data cannot be downloaded: ")


def test_a_cache_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert refusal(tmp_path / "file").startswith(f"{tmp_path / 'file'}: the sample data cannot be downloaded: ")
