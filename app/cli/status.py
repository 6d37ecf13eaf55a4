"""`braid status`: what there is in one screen, and what needs attention."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Collection
from importlib.metadata import version
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from app.cli.exit_codes import FAILED
from app.cli.output import AsJson, print_json
from app.cli.running import console
from app.cli.texts import age, size
from app.config import load_settings
from app.logs import configure_logging
from app.process import factory
from app.process.resources import Resources
from app.schemas.status import ServerStatus, Status
from app.server.addresses import address_of
from app.times import from_microseconds, now
from models import DISTRIBUTION

_WITHIN = 3.0
_WIDTH = 10
_OF_SERVER = ("background", "change_feed")
"""Checks that only the server itself can make."""
_LONGEST_URL = "http://127.0.0.1:8000"


def status(
    url: Annotated[
        str | None, typer.Option(help=f"Address of the server; by default BRAID_HOST and BRAID_PORT ({_LONGEST_URL}).")
    ] = None,
    no_server: Annotated[
        bool, typer.Option("--no-server", help="Ask no server, for instance on a machine that only trains.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the server, the database, the bundle, training and disks, and what needs attention.

    It works without a server too, and changes nothing. The exit code is 1 if something needs attention.
    """
    if no_server and url is not None:
        raise typer.BadParameter("cannot be combined with --no-server", param_hint="--url")
    configure_logging("critical")
    settings = load_settings()
    place = url or address_of(settings.host, settings.port)
    server = ServerStatus(url=place, state="not asked", detail="") if no_server else ask_server(place)

    async def look() -> Status:
        async with Resources(settings) as resources:
            return await factory.status(resources).look(version(DISTRIBUTION), server)

    found = asyncio.run(look())
    if as_json:
        print_json(found)
    else:
        show(found)
    if found.attention:
        raise typer.Exit(FAILED)


def ask_server(url: str) -> ServerStatus:
    """Ask a server whether it is ready."""
    if not url.startswith(("http://", "https://")):
        raise typer.BadParameter(f"{url!r} is not an address such as {_LONGEST_URL}", param_hint="--url")
    base = url.rstrip("/")
    try:
        # Whatever proxy the environment names, this is about a server of our own.
        asked = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with asked.open(f"{base}/health/ready", timeout=_WITHIN) as answer:
            degraded = _named(answer.read(), "degraded", _OF_SERVER)
            return ServerStatus(url=base, state="ready", detail=f"{base}: {degraded}" if degraded else "")
    except urllib.error.HTTPError as error:
        failed = _named(error.read(), "failed") or f"it answers {error.code}, which is no answer of Braid"
        return ServerStatus(url=base, state="not ready", detail=f"{base}: is not ready: {failed}")
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        reason = getattr(reason, "strerror", None) or reason
        return ServerStatus(url=base, state="no answer", detail=f"{base}: no server answers ({reason})")


def _named(answer: bytes, status: str, among: Collection[str] = ()) -> str:
    """Name the checks of an answer that have a status, with what was found."""
    try:
        checks: dict[str, Any] = json.loads(answer)["checks"]
        found = {name: check["detail"] for name, check in checks.items() if check["status"] == status}
    except (ValueError, KeyError, TypeError):
        return ""
    return ", ".join(
        f"{name} ({detail})" if detail else name for name, detail in found.items() if not among or name in among
    )


def show(found: Status) -> None:
    """Print what was found, a line for each part."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    console.print(f"Braid {found.version}\n")
    for name, text in _rows(found):
        if console.is_terminal:
            table.add_row(name, Text(text))
        else:
            # A line is a line: whoever searches for words finds them whole.
            console.print(f"{name:<{_WIDTH}}{text}")
    if console.is_terminal:
        console.print(table)
    if not found.attention:
        console.print("\nNothing needs attention.")
        return
    console.print("\nWhat needs attention:")
    for one in found.attention:
        console.print(f"  {one.name}: {one.detail}")


def _rows(found: Status) -> list[tuple[str, str]]:
    moment = from_microseconds(now())
    server, database, bundle, training = found.server, found.database, found.bundle, found.training
    rows = [("server", f"{server.state}, {server.url}" if server.state != "not asked" else "not asked")]
    held = f", {size(database.size_bytes)}" if database.size_bytes is not None else ""
    rows.append(("database", f"{database.place}{held}"))
    if database.interactions is not None:
        counts = {"interactions": database.interactions, "users": database.users, "items": database.items}
        rows.append(("", ", ".join(f"{count or 0:,} {name}" for name, count in counts.items())))
    if database.newest_interaction is not None:
        newest = database.newest_interaction
        ago = age((moment - newest).total_seconds())
        rows.append(("", f"newest interaction: {newest:%Y-%m-%d %H:%M} UTC, {ago}"))
    if bundle is None:
        rows.append(("bundle", "none"))
    else:
        made = "" if bundle.created_at is None else f", made {age((moment - bundle.created_at).total_seconds())}"
        rows.append(("bundle", f"{bundle.version}{made}"))
        if bundle.created_at is not None:
            rows.append(("", bundle.says or "nothing was measured: there were too few interactions"))
    if training is not None:
        rows.append(("training", training.detail))
        if training.last is not None:
            rows.append(("", _job(training.last.status, training.last.phase, training.last.progress)))
    rows.append(("disk", "; ".join(f"{size(disk.free_bytes)} free for {disk.folder}" for disk in found.disks)))
    return rows


def _job(state: str, phase: str | None, progress: float | None) -> str:
    share = "" if progress is None else f" {progress:.0%}"
    return f"newest job: {state}" + (f", {phase}{share}" if state == "running" and phase else "")
