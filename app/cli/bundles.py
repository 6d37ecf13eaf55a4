"""`braid bundles`: versions, listed or activated."""

from typing import Annotated

import typer
from rich.console import Console

from app.cli.running import console, run_command
from app.cli.tables import table_of
from app.process import factory
from app.process.resources import Resources
from models.evaluation.report import BLEND

bundles = typer.Typer(help="List the bundle versions, or activate one.")


@bundles.callback(invoke_without_command=True)
def list_bundles(called: typer.Context) -> None:
    """List the bundle versions, newest first; `braid bundles activate` activates one."""
    if called.invoked_subcommand is None:
        run_command(lambda resources: _list(resources, console))


@bundles.command()
def activate(
    version: Annotated[str, typer.Argument(help="The version, as `braid bundles` lists it.")],
    force: Annotated[
        bool, typer.Option("--force", help="Activate it although the gate refused it, or it is of another database.")
    ] = False,
) -> None:
    """Activate a version in all processes."""
    run_command(lambda resources: _activate(resources, console, version, force=force))


async def _list(resources: Resources, console: Console) -> None:
    """Print the versions, newest first."""
    table = table_of("version", "active", "NDCG@10", "gate", "activated by")
    for one in (await factory.versions(resources).page()).items:
        ndcg = one.metrics.get(BLEND, {}).get("ndcg@10")
        gate = "-" if one.gate is None else "passed" if one.gate.passed else "refused"
        active, by = "yes" if one.active else "", one.activated_by or ""
        table.add_row(one.version, active, "-" if ndcg is None else f"{ndcg:.4f}", one.problem or gate, by)
    console.print(table)


async def _activate(resources: Resources, console: Console, version: str, *, force: bool) -> None:
    """Activate a version."""
    await factory.versions(resources).activate(version, "command", force=force)
    console.print(f"bundle {version} is active")
