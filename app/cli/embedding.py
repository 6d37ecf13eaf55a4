"""The command that fills a vector of the items from their titles and descriptions."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.output import AsJson, print_json
from app.cli.running import console, run_command
from app.config import load_settings
from app.process.resources import Resources
from app.worker.embedding import declared_length, embed_catalogue, load_embedding
from models.data.schema import EMPTY, MAX_LENGTH, read_schema


def embed(
    folder: Annotated[
        Path | None, typer.Argument(help="A data-set folder; without one, the catalogue in the database.")
    ] = None,
    attribute: Annotated[str, typer.Option(help="The attribute that gets the vectors.")] = "embedding",
    length: Annotated[
        int | None, typer.Option(min=1, max=MAX_LENGTH, help="Numbers of a vector; by default as declared, or 128.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Give every item a vector made from the words of its title and description (TF-IDF and truncated SVD).

    Run it again after items were added or changed: vectors of one run fit together, those of two runs do not.
    """
    if folder is not None:
        settings = load_settings()
        schema = EMPTY if settings.schema is None else read_schema(settings.schema)
        done = load_embedding().embed_folder(folder, attribute, declared_length(schema, attribute, length))
        _say(str(folder), attribute, done.items, done.without, as_json=as_json)
        return

    async def run(resources: Resources) -> None:
        items, without = await embed_catalogue(resources, attribute, length)
        _say(resources.database.place, attribute, items, without, as_json=as_json)

    run_command(run)


def _say(place: str, attribute: str, items: int, without: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"place": place, "attribute": attribute, "items": items, "without_text": without})
        return
    left = f"; {without:,} have neither title nor description" if without else ""
    console.print(f"{place}: {items:,} items have a vector in {attribute}{left}")
    console.print("items that are added later have none until `braid embed` is run again")
