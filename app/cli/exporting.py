"""`braid export`: the data as a folder, or everybody's recommendations as a file."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from app.cli.output import AsJson, print_json
from app.cli.progress import progress_bars
from app.cli.running import console, run_command
from app.errors import DatabaseError
from app.nearest_name import nearest_name
from app.process import transfer_factory
from app.process.resources import Resources
from app.schemas.options import DEFAULT_LIMIT, MAX_LIMIT


class ExportGroup(TyperGroup):
    """Takes a word that is no command of the group as the folder of the default command."""

    default = "folder"

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Resolve the command, or the default one.

        Raises
        ------
        UsageError
            The word looks like a misspelt command, and there is no folder of this name.
        """
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = nearest_name(args[0], [name for name in self.commands if name != self.default])
            if near is not None and "/" not in args[0] and not Path(args[0]).exists():
                ctx.fail(f"no command {args[0]!r}: did you mean {near!r}? A folder of that name is written ./{args[0]}")
            args = [self.default, *args]
        return super().resolve_command(ctx, args)


export = typer.Typer(
    cls=ExportGroup,
    no_args_is_help=True,
    help="Write interactions and catalogue to a folder, or recommendations to a file.",
)


@export.command(name=ExportGroup.default)
def export_folder(
    folder: Annotated[Path, typer.Argument(help="Folder for the files: interactions, items and users as Parquet.")],
    as_json: AsJson = False,
) -> None:
    """Write all data to a data-set folder; short form: `braid export FOLDER`."""
    run_command(lambda resources: _export_folder(resources, folder, as_json=as_json))


@export.command(name="recommendations")
def export_recommendations(
    output: Annotated[Path, typer.Option(help="The Parquet file; it appears when it is complete.")] = Path(
        "recommendations.parquet"
    ),
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="Maximum length of each list.")] = DEFAULT_LIMIT,
    as_json: AsJson = False,
) -> None:
    """Write the ranked list of every user of the log to a file, for e-mails or a data warehouse."""
    run_command(lambda resources: _export_recommendations(resources, output, limit, as_json=as_json))


async def _export_folder(resources: Resources, folder: Path, *, as_json: bool) -> None:
    """Write a data-set folder and print its counts.

    Raises
    ------
    DatabaseError
        The text says that nothing was exported.
    """
    try:
        with progress_bars() as progress:
            done = await transfer_factory.exporting_log(resources).run(folder, progress)
    except DatabaseError as error:
        raise type(error)(f"{error}; nothing was exported: the files in {folder} are as they were") from error
    if as_json:
        counts = {"interactions": done.interactions, "items": done.items, "users": done.users}
        print_json({"folder": folder, **counts})
    else:
        console.print(f"{folder}: {done.interactions:,} interactions, {done.items:,} items, {done.users:,} users")


async def _export_recommendations(resources: Resources, output: Path, limit: int, *, as_json: bool) -> None:
    """Write the recommendations of all users to a file and print its counts."""
    # No other command ranks: these imports would take each of them a second.
    from app.process import serving_factory  # noqa: PLC0415
    from app.process.serving_state import ServingState  # noqa: PLC0415

    state = ServingState(resources)
    await resources.schema.load()
    await state.bundle.start()
    with progress_bars() as progress:
        done = await serving_factory.exporting_recommendations(state).recommendations(output, limit, progress)
    if as_json:
        counts = {"recommendations": done.rows, "users": done.users, "bundle_version": done.bundle_version}
        print_json({"output": output, **counts})
        return
    console.print(f"{output}: {done.rows:,} recommendations for {done.users:,} users, by bundle {done.bundle_version}")
