"""`braid bundles`: versions, listed or activated."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from app.cli.output import AsJson, print_json
from app.cli.running import console, run_command
from app.cli.tables import table_of
from app.cli.texts import age
from app.process import factory
from app.process.resources import Resources
from app.schemas.bundles import BundleVersions
from models.evaluation.report import BLEND

bundles = typer.Typer(help="List the bundle versions, or activate one.")


@bundles.callback(invoke_without_command=True)
def list_bundles(called: typer.Context, as_json: AsJson = False) -> None:
    """List the bundle versions, newest first; `braid bundles activate` activates one."""
    if called.invoked_subcommand is None:
        run_command(lambda resources: _list(resources, as_json=as_json))


@bundles.command()
def activate(
    version: Annotated[str, typer.Argument(help="The version, as `braid bundles` lists it.")],
    force: Annotated[
        bool, typer.Option("--force", help="Activate it although the gate refused it, or it is of another database.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Activate a version in all processes."""
    run_command(lambda resources: _activate(resources, version, force=force, as_json=as_json))


async def _list(resources: Resources, *, as_json: bool) -> None:
    """Print the versions, newest first."""
    found = await factory.versions(resources).page()
    if as_json:
        print_json(found)
    elif found.items:
        _print(found)
    else:
        console.print(f"{resources.bundles.place}: there is no bundle yet: `braid train` makes one")


def _print(found: BundleVersions) -> None:
    table = table_of("version", "active", "made", "NDCG@10", "gate", "activated by")
    moment = datetime.now(UTC)
    for one in found.items:
        ndcg = one.metrics.get(BLEND, {}).get("ndcg@10")
        gate = "-" if one.gate is None else "passed" if one.gate.passed else "refused"
        table.add_row(
            one.version,
            "yes" if one.active else "",
            "-" if one.created_at is None else age((moment - one.created_at).total_seconds()),
            "-" if ndcg is None else f"{ndcg:.4f}",
            one.problem or gate,
            one.activated_by or "",
        )
    console.print(table)


async def _activate(resources: Resources, version: str, *, force: bool, as_json: bool) -> None:
    """Activate a version."""
    activated = await factory.versions(resources).activate(version, "command", force=force)
    if as_json:
        print_json(activated)
    else:
        console.print(f"bundle {version} is active")
