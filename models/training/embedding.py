"""Embeds items by their words: TF-IDF and truncated SVD (latent semantic analysis; Deerwester et al. 1990).

It needs no download, and shows how vectors are filled; models of language or of images tell more.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from models.arrays.types import Float32, Mask
from models.data.catalogue import DESCRIPTION, TITLE, text_of
from models.data.errors import DataSetError
from models.data.folder import ITEMS, find_file
from models.data.folder_reader import read_items

_MAX_WORDS = 100_000
_MAX_SHARE, _FEW = 0.5, 100
"""Words of a larger share of the items, and of more than a few, say nothing."""
_SEED = 0


@dataclass(frozen=True)
class Embedded:
    """How many items got a vector, and how many have no word to make one of."""

    items: int
    without: int


def embed_texts(texts: list[str], length: int) -> tuple[Float32, Mask]:
    """Embed texts.

    Parameters
    ----------
    length
        Numbers of a vector; those beyond the rank of the texts are 0.

    Returns
    -------
    tuple
        The vectors, float32 (texts, length), of length 1; and which texts have one, bool.
    """
    rows = np.zeros((len(texts), length), dtype=np.float32)
    common = max(_MAX_SHARE * len(texts), min(_FEW, len(texts)))
    words = TfidfVectorizer(sublinear_tf=True, max_features=_MAX_WORDS, max_df=int(common), dtype=np.float32)
    try:
        matrix = words.fit_transform(texts)
    except ValueError:
        # No text has a word.
        return rows, np.zeros(len(texts), dtype=np.bool_)
    rank = min(length, *(side - 1 for side in matrix.shape))
    svd = TruncatedSVD(max(rank, 1), random_state=_SEED)
    found = svd.fit_transform(matrix) if rank >= 1 else matrix.toarray()[:, :length]
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    rows[:, : found.shape[1]] = np.divide(found, lengths, out=np.zeros_like(found), where=lengths > 0)
    return rows, lengths[:, 0] > 0


def texts_of_items(table: pa.Table) -> list[str]:
    """Return title and description of each item as one text."""
    columns = [table[name].to_pylist() for name in (TITLE, DESCRIPTION) if name in table.column_names]
    return [" ".join(text_of(cell) for cell in cells) for cells in zip(*columns, strict=True)] if columns else []


def embed_folder(folder: Path, name: str, length: int) -> Embedded:
    """Write a column of vectors to the items file of a data-set folder, in place of the one of this name.

    Raises
    ------
    DataSetError
        The folder has no items file, or no item has a title or a description.
    """
    path = find_file(folder, ITEMS)
    table = read_items(folder)
    if path is None or table is None:
        raise DataSetError(f"{folder}: contains neither {ITEMS}.parquet nor {ITEMS}.csv: there is nothing to embed")
    texts = texts_of_items(table)
    rows, present = embed_texts(texts, length)
    if not present.any():
        raise DataSetError(f"{path}: no item has a title or a description")
    lists: list[list[float] | None] = [
        row.tolist() if has else None for row, has in zip(rows, present.tolist(), strict=True)
    ]
    if name in table.column_names:
        table = table.drop_columns([name])
    partial = path.with_name(f"{path.name}.partial")
    if path.suffix == ".csv":
        cells = [None if one is None else json.dumps(one) for one in lists]
        pyarrow.csv.write_csv(table.append_column(name, pa.array(cells, pa.string())), partial)
    else:
        pyarrow.parquet.write_table(table.append_column(name, pa.array(lists, pa.list_(pa.float32()))), partial)
    partial.replace(path)
    return Embedded(int(present.sum()), int((~present).sum()))
