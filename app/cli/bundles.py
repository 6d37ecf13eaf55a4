"""`braid bundles`: versions, listed or activated."""

from typing import Annotated

import typer

from app.cli import commands
from app.cli.running import console, run_command

bundles = typer.Typer(help="List the bundle versions, or activate one.")


@bundles.callback(invoke_without_command=True)
def list_bundles(called: typer.Context) -> None:
    """List the bundle versions, newest first; `braid bundles activate` activates one."""
    if called.invoked_subcommand is None:
        run_command(lambda resources: commands.list_bundles(resources, console))


@bundles.command()
def activate(
    version: Annotated[str, typer.Argument(help="The version, as `braid bundles` lists it.")],
    force: Annotated[
        bool, typer.Option("--force", help="Activate it although the gate refused it, or it is of another database.")
    ] = False,
) -> None:
    """Activate a version in all processes."""
    run_command(lambda resources: commands.activate(resources, console, version, force=force))
