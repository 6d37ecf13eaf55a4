"""Fills a vector of the items of the catalogue from their titles and descriptions."""

from types import ModuleType

from app.command_errors import TrainingUnavailableError
from app.process.resources import Resources
from models import DISTRIBUTION
from models.data.columns import ITEM
from models.data.errors import DataSetError
from models.data.schema import Attribute, Schema

DEFAULT_LENGTH = 128
_ITEMS_AT_ONCE = 1000


def load_embedding() -> ModuleType:
    """Import what embeds texts.

    Raises
    ------
    TrainingUnavailableError
        The `train` extra is not installed.
    """
    try:
        from models.training import embedding  # noqa: PLC0415 - of the extra, and a second
    except ModuleNotFoundError as error:
        raise TrainingUnavailableError(
            f"{error.name} is not installed: `braid embed` needs `pip install '{DISTRIBUTION}[train]'`"
        ) from error
    return embedding


async def embed_catalogue(resources: Resources, name: str, length: int | None) -> tuple[int, int]:
    """Give each item with a title or a description a vector; the attribute is declared, if it is not yet.

    Returns
    -------
    tuple
        How many items got a vector, and how many have no word to make one of.

    Raises
    ------
    DataSetError
        The attribute is declared otherwise, or no item has a title or a description.
    DatabaseError
        The database does not answer; items that were written keep their vectors.
    TrainingUnavailableError
        The `train` extra is not installed.
    """
    embedding = load_embedding()
    schema = await resources.schema.load()
    wanted = declared_length(schema, name, length)
    table = await resources.items.table(vectors=False)
    texts = [] if table is None else embedding.texts_of_items(table)
    rows, present = embedding.embed_texts(texts, wanted)
    if table is None or not present.any():
        raise DataSetError(f"{resources.database.place}: no item has a title or a description")
    if name not in schema.items:
        if resources.schema.file is not None:
            line = f'{name} = {{ type = "vector", length = {wanted} }}'
            raise DataSetError(f"{resources.schema.file}: does not declare {name!r}: add `{line}` under [items]")
        items = {**schema.items, name: Attribute(type="vector", length=wanted)}
        await resources.schema.put(Schema(items=items, users=schema.users))
    ids = table[ITEM].to_pylist()
    for start in range(0, len(ids), _ITEMS_AT_ONCE):
        part = range(start, min(start + _ITEMS_AT_ONCE, len(ids)))
        await resources.items.put_vectors(name, {ids[place]: rows[place] if present[place] else None for place in part})
    return int(present.sum()), int((~present).sum())


def declared_length(schema: Schema, name: str, length: int | None) -> int:
    """Return the numbers of a vector: as declared, or else as given.

    Raises
    ------
    DataSetError
        The attribute is declared otherwise.
    """
    attribute = schema.items.get(name)
    if attribute is None:
        return length or DEFAULT_LENGTH
    if attribute.length is None:
        raise DataSetError(f"{name!r} is declared as {attribute.type}, not as a vector: give another --attribute")
    if length not in {None, attribute.length}:
        raise DataSetError(f"{name!r} is declared with {attribute.length} numbers, not {length}")
    return attribute.length
