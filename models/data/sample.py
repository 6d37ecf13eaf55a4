"""Sample data: MovieLens 100k, as packaged in a wheel of the RecBole project."""

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import platformdirs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from models.data.columns import EVENT_TYPE, ITEM, TIMESTAMP, USER, VALUE
from models.data.errors import DataSetError
from models.data.folder import DataSet

MOVIELENS_TERMS = (
    "MovieLens 100k is collected by GroupLens Research at the University of Minnesota. Its terms: use it for research;"
    " name the source in publications; do not redistribute it without separate permission; no commercial use without"
    " permission; do not imply endorsement. F. Maxwell Harper and Joseph A. Konstan, The MovieLens Datasets:"
    " History and Context, ACM TiiS 5, 4 (2015)."
)
"""What GroupLens asks of those who use the data; shown wherever it is fetched."""

_REQUIREMENT = "recbole==1.2.1"
_WHEEL = "recbole-1.2.1-py3-none-any.whl"
_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
_FOLDER = "recbole/dataset_example/ml-100k/"
_DOWNLOAD_SECONDS = 300


def movielens(cache: Path | None = None) -> DataSet:
    """Return MovieLens 100k: 100,000 ratings of 1,682 films by 943 users.

    Parameters
    ----------
    cache
        Folder that keeps the download; by default Braid's folder in the user's cache directory.

    Raises
    ------
    DataSetError
        The data cannot be fetched, or its checksum is wrong.
    """
    folder = cache or platformdirs.user_cache_path("braid", appauthor=False)
    wheel = folder / _WHEEL
    if not _is_intact(wheel):
        _download(folder)
    if not _is_intact(wheel):
        raise DataSetError(f"{wheel}: the SHA-256 differs from {_SHA256}: the file is not used")
    with zipfile.ZipFile(wheel) as archive:
        return DataSet(interactions=_interactions(archive), items=_items(archive))


def is_cached(cache: Path | None = None) -> bool:
    """Return whether MovieLens 100k was fetched before."""
    return _is_intact((cache or platformdirs.user_cache_path("braid", appauthor=False)) / _WHEEL)


def _is_intact(wheel: Path) -> bool:
    return wheel.is_file() and hashlib.sha256(wheel.read_bytes()).hexdigest() == _SHA256


def _download(folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    command += ["--disable-pip-version-check", "--dest", str(folder), _REQUIREMENT]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _WHEEL).unlink(missing_ok=True)
        done = subprocess.run(  # noqa: S603 - every part is a constant but the folder
            command, capture_output=True, text=True, timeout=_DOWNLOAD_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DataSetError(f"{folder}: the sample data cannot be downloaded: {error}") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise DataSetError(f"the sample data cannot be downloaded: {reason}")


def _interactions(archive: zipfile.ZipFile) -> pa.Table:
    table = _read(archive, "ml-100k.inter", ["user_id", "item_id", "rating", "timestamp"])
    ratings = pa.array(["rating"] * table.num_rows)
    return pa.table(
        {
            USER: table["user_id"],
            ITEM: table["item_id"],
            EVENT_TYPE: ratings,
            VALUE: table["rating"].cast(pa.float64()),
            TIMESTAMP: table["timestamp"].cast(pa.float64()),
        }
    )


def _items(archive: zipfile.ZipFile) -> pa.Table:
    table = _read(archive, "ml-100k.item", ["item_id", "movie_title", "release_year", "class"])
    return pa.table(
        {
            ITEM: table["item_id"],
            "title": table["movie_title"],
            "categories": pc.split_pattern(table["class"], " "),
            "tags": pa.array([[year] if year else [] for year in table["release_year"].to_pylist()]),
        }
    )


def _read(archive: zipfile.ZipFile, name: str, columns: list[str]) -> pa.Table:
    return pyarrow.csv.read_csv(
        io.BytesIO(archive.read(_FOLDER + name)),
        read_options=pyarrow.csv.ReadOptions(column_names=columns, skip_rows=1),
        parse_options=pyarrow.csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
    )
