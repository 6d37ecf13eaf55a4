"""`braid key`: API keys, made, listed, replaced and revoked."""

from datetime import timedelta
from typing import Annotated

import structlog
import typer
from pydantic import ValidationError
from rich.table import Table

from app.cli.output import AsJson, print_json
from app.cli.running import console, run_command
from app.config import LOOPBACK, SettingsError
from app.process.resources import Resources
from app.schemas.keys import KeyIn, NewKey
from app.services.access.api_keys import ApiKeys
from app.services.access.audit import COMMAND
from app.times import from_microseconds, now

keys = typer.Typer(no_args_is_help=True, help="Make, list, replace and revoke API keys.")
KeyId = Annotated[str, typer.Argument(help="The id of the key, as `braid key list` has it.")]


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="What it is for.")],
    scope: Annotated[
        list[str],
        typer.Option(help="read, write, personal, metrics, admin, or publish alone; repeat the option for several."),
    ],
    scenario: Annotated[list[str] | None, typer.Option(help="The only scenarios that it may ask.")] = None,
    origin: Annotated[list[str] | None, typer.Option(help="The origins of the pages that may use it.")] = None,
    expires_days: Annotated[
        float | None, typer.Option(min=0.001, max=36500, help="Days until it ends; by default it lasts.")
    ] = None,
    rate_limit: Annotated[
        str | None,
        typer.Option(help="Requests that it may send, such as 600/minute, in place of BRAID_RATE_LIMIT."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key; it is printed this once."""
    ends = None if expires_days is None else from_microseconds(now()) + timedelta(days=expires_days)
    given = {"name": name, "scopes": scope, "scenarios": scenario or None, "origins": origin or None}
    try:
        wanted = KeyIn.model_validate({**given, "expires_at": ends, "rate_limit": rate_limit})
    except ValidationError as error:
        raise typer.BadParameter(str(error.errors()[0]["msg"])) from None

    async def work(resources: Resources) -> None:
        made = await _keys(resources).add(wanted, COMMAND)
        _show(made, as_json=as_json)

    run_command(work)


@keys.command(name="list")
def list_keys(as_json: AsJson = False) -> None:
    """List all keys, without their secrets."""

    async def work(resources: Resources) -> None:
        found = await _keys(resources).list()
        if as_json:
            print_json(found)
            return
        if not found.items:
            console.print("there is no key: `braid key create --name admin --scope admin` makes one")
            return
        table = Table("key", "name", "scopes", "limit", "made (UTC)", "ends (UTC)", box=None, pad_edge=False)
        for key in found.items:
            ended = "revoked" if key.revoked_at else f"{key.expires_at:%Y-%m-%d %H:%M}" if key.expires_at else "-"
            made = f"{key.created_at:%Y-%m-%d %H:%M}"
            table.add_row(key.key_id, key.name, ", ".join(key.scopes), key.rate_limit or "-", made, ended)
        console.print(table)

    run_command(work)


@keys.command()
def rotate(
    key_id: KeyId,
    grace_hours: Annotated[float, typer.Option(min=0, max=720, help="Hours for which the old key still holds.")] = 24,
    as_json: AsJson = False,
) -> None:
    """Make a key that may do the same; the old one holds for some hours more."""

    async def work(resources: Resources) -> None:
        made = await _keys(resources).rotate(key_id, grace_hours, COMMAND)
        _show(made, as_json=as_json)

    run_command(work)


@keys.command()
def revoke(key_id: KeyId, as_json: AsJson = False) -> None:
    """Revoke a key: within a second no process takes it."""

    async def work(resources: Resources) -> None:
        await _keys(resources).revoke(key_id, COMMAND)
        if as_json:
            print_json({"key_id": key_id, "revoked": True})
        else:
            console.print(f"key {key_id} is revoked")

    run_command(work)


def _show(made: NewKey, *, as_json: bool) -> None:
    if as_json:
        print_json(made)
    else:
        show_new(made)


def show_new(made: NewKey) -> None:
    """Print a key that was made."""
    console.print(f"key {made.key_id} ({made.name}), scopes: {', '.join(made.scopes)}")
    if made.rate_limit is not None:
        console.print(f"  limit: {made.rate_limit}")
    console.print(f"  {made.key}")
    if made.signing_secret is not None:
        console.print(f"  signing secret for user ids: {made.signing_secret}")
    console.print("Only a digest of the key is stored: it cannot be shown again.")


async def require_key(resources: Resources) -> None:
    """Refuse to serve a network where there is no key.

    Raises
    ------
    SettingsError
        The server would listen on an address of a network, and there has never been a key.
    """
    settings = resources.settings
    if settings.host in LOOPBACK:
        return
    if await resources.keys.all():
        return
    if not settings.allow_open:
        raise SettingsError(
            f"BRAID_HOST: is {settings.host}, and there is no API key: make one with"
            " `braid key create --name admin --scope admin`, listen on 127.0.0.1, or set BRAID_ALLOW_OPEN=true to let"
            " everybody in"
        )
    structlog.get_logger(__name__).warning(
        "everybody who reaches this server may do everything: BRAID_ALLOW_OPEN is set, and there is no API key",
        host=settings.host,
    )


async def make_first(resources: Resources) -> NewKey | None:
    """Make an admin key, if there has never been a key."""
    return await _keys(resources).add_first(COMMAND)


def _keys(resources: Resources) -> ApiKeys:
    return ApiKeys(resources.keys, resources.audit_log)
