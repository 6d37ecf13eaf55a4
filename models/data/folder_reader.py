"""Reads data-set folders whole, in the way in which imports read them."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from models.data.columns import SEQUENCE
from models.data.errors import DataSetError
from models.data.folder import (
    CANDIDATES,
    EXPORTED,
    HISTORIES,
    INTERACTIONS,
    ITEMS,
    NO_INTERACTIONS,
    TEST,
    USERS,
    DataSet,
    find_file,
    reading,
    require_folder,
    typed,
)
from models.data.order import in_one_order, recognised
from models.data.reading.compression import Place
from models.data.reading.looking import look_at
from models.data.reading.opening import Opened, Wishes, open_evaluated, open_files
from models.data.reading.rows import BadRow


def read_folder(folder: Path, wishes: Wishes | None = None) -> DataSet:
    """Read a data-set folder.

    Parameters
    ----------
    wishes
        What was said about how files are read.

    Raises
    ------
    DataSetError
        A file is missing, cannot be read, lacks a column or has no rows, or something has to be said first.
    """
    require_folder(folder)
    wishes = wishes or Wishes()
    with reading(folder):
        found = open_files([folder], wishes)
        evaluated = open_evaluated(folder, wishes)
    opened: dict[str, list[Opened]] = {}
    for one in found.files:
        opened.setdefault(one.plan.kind, []).append(one)
    if INTERACTIONS not in opened:
        raise DataSetError(f"{folder}: {NO_INTERACTIONS}")
    opened |= {name: [one] for name, one in evaluated.items()}
    questions = [question for ones in opened.values() for one in ones for question in one.plan.questions]
    if questions:
        raise DataSetError("; ".join(map(str, questions)))
    told: list[str] = list(found.left)
    tables = {name: _whole(ones, told) for name, ones in opened.items()}
    interactions = tables[INTERACTIONS]
    if EXPORTED in (interactions.schema.metadata or {}) and SEQUENCE in interactions.column_names:
        interactions = in_one_order(interactions)
    items, users, test, candidates, histories = map(tables.get, (ITEMS, USERS, TEST, CANDIDATES, HISTORIES))
    return DataSet(recognised(interactions), items, users, test, candidates, histories, told=tuple(told))


def read_items(folder: Path) -> pa.Table | None:
    """Read the items file of a folder with the columns that it has; None where there is none.

    Raises
    ------
    DataSetError
        It cannot be read or has no rows, or the folder is not there.
    """
    require_folder(folder)
    path = find_file(folder, ITEMS)
    if path is None:
        return None
    with reading(path):
        table, bad = look_at(Place(path)).whole()
    if bad:
        raise DataSetError(str(bad[0]))
    return typed(table, ITEMS, path)


def _whole(ones: Sequence[Opened], told: list[str]) -> pa.Table:
    """Read the files of one kind into one table; several have the columns of all."""
    tables = []
    for one in ones:
        source, place = one.source, one.source.place
        with reading(place):
            raw, bad = source.whole()
            if not raw.num_rows:
                raise DataSetError(f"{place}: has no rows" if not bad else f"no row can be read: {bad[0]}")
            table = raw if source.is_exported else one.plan.reading.apply(raw)
            table = typed(table, one.plan.kind, place)
        tables.append(table.replace_schema_metadata(raw.schema.metadata))
        told += [f"{place}: {line}" for line in one.plan.told] + source.notes + _left_out(bad)
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="permissive")


def _left_out(bad: Sequence[BadRow]) -> list[str]:
    if not bad:
        return []
    what = "1 row that cannot be read is" if len(bad) == 1 else f"{len(bad):,} rows that cannot be read are"
    return [f"{bad[0].file}: {what} left out, the first: {bad[0]}"]
