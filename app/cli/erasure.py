"""`braid erase-proof`: searches everything that is stored for the id of an erased user."""

from typing import Annotated

import typer

from app.cli.exit_codes import FAILED
from app.cli.output import AsJson, console_for, print_json
from app.cli.running import console, run_command
from app.process import factory
from app.process.resources import Resources
from app.services.users.erasure_proof import SearchedPlace, written_forms


def erase_proof(
    user_id: Annotated[str, typer.Argument(help="The id of a user who was erased with DELETE /users/{user_id}.")],
    finish: Annotated[
        bool, typer.Option("--finish", help="First do at once what the server does within the hour after an erasure.")
    ] = False,
    without_bundles: Annotated[
        bool,
        typer.Option(
            "--without-bundles",
            help="With --finish: forget erased ids even if this store of bundles is empty. Only where no other machine"
            " has a store: its bundles would show the users again.",
        ),
    ] = False,
    as_lines: Annotated[bool, typer.Option("--all", help="Also list the places where it is not found.")] = False,
    as_json: AsJson = False,
) -> None:
    """Search the database, bundles, uploads and caches for the id of a user; exit code 1 if it is found.

    It is searched in UTF-8 and UTF-16, as JSON and percent-encoded, and as a part of longer ids too.
    """
    found: list[SearchedPlace] = []
    said = console_for(as_json)

    async def work(resources: Resources) -> None:
        rewritten = await _finish(resources, user_id, without_bundles=without_bundles) if finish else []
        for version in rewritten:
            said.print(f"bundle {version} is rewritten without erased users")
        found.extend(await factory.erasure_proof(resources).search(user_id))
        places = sum(1 for one in found if one.found)
        if as_json:
            print_json({"clean": not places, "places": list(found), "rewritten_bundles": rewritten})
        for one in found if not as_json else ():
            if one.found or as_lines:
                console.print(f"{'found' if one.found else 'clean':<6} {one.place}: {one.size}, {one.found:,} times")
        said.print(f"{len(found):,} places were searched; the id is in {places:,}")
        if not resources.database.is_sqlite:
            said.print("PostgreSQL keeps deleted rows on its disk until VACUUM, and in archives of its log")

    run_command(work)
    if any(one.found for one in found):
        raise typer.Exit(FAILED)


async def _finish(resources: Resources, user_id: str, *, without_bundles: bool) -> list[str]:
    """Do what the server does within the hour; return the bundles that were rewritten."""
    tables = factory.searched_tables(resources)
    rewritten = await factory.bundle_erasure(resources).clean(without_bundles=without_bundles)
    await tables.forget_keys(written_forms(user_id).texts)
    await tables.vacuum()
    return list(rewritten)
