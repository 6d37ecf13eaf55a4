"""Machine code of an image is read from a folder that nobody can write to."""

from collections.abc import Callable
from pathlib import Path

import pytest
from numba.core import config

from models.arrays import shipped_kernels
from models.arrays.compiled import INT, Kernel
from models.arrays.shipped_kernels import ShippedKernels, ship

Compile = Callable[[], Kernel[[int], int]]


def add_one(number: int) -> int:
    return number + 1


@pytest.fixture
def compile_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compile:
    monkeypatch.setattr(shipped_kernels, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "volume"))
    monkeypatch.setattr(config, "CACHE_LOCATOR_CLASSES", f"{ShippedKernels.__module__}.{ShippedKernels.__name__}")
    return lambda: Kernel(add_one, (INT,), {})


@pytest.fixture
def shipped(tmp_path: Path, compile_anew: Compile, monkeypatch: pytest.MonkeyPatch) -> Path:
    with monkeypatch.context() as patch:
        patch.setattr(config, "CACHE_DIR", str(tmp_path / "shipped"))
        assert compile_anew()(1) == 2
    ship(tmp_path / "shipped")
    return tmp_path / "shipped"


def hits_of(kernel: Kernel[[int], int]) -> int:
    return sum(kernel.compiled.stats.cache_hits.values())  # type: ignore[attr-defined]


def files_of(folder: Path) -> set[tuple[str, int]]:
    return {(path.name, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def test_shipped_code_runs_where_no_folder_can_be_written_to(
    shipped: Path, compile_anew: Compile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", "/dev/null/kernels")
    before = files_of(shipped)
    kernel = compile_anew()
    assert (kernel(1), hits_of(kernel)) == (2, 1)
    assert files_of(shipped) == before


def test_code_for_another_processor_is_compiled_anew_and_kept_beside_the_data(
    shipped: Path, compile_anew: Compile, tmp_path: Path
) -> None:
    (shipped / "processor").write_text("of another kind", encoding="utf-8")
    before = files_of(shipped)
    kernel = compile_anew()
    assert (kernel(1), hits_of(kernel)) == (2, 0)
    assert files_of(shipped) == before
    assert hits_of(compile_anew()) == 1
    assert list((tmp_path / "volume").rglob("*.nbc"))


def test_without_shipped_code_the_folder_of_the_setting_is_used(compile_anew: Compile, tmp_path: Path) -> None:
    assert compile_anew()(1) == 2
    assert list((tmp_path / "volume").rglob("*.nbc"))
