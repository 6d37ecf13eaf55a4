"""`braid serve`: the HTTP API, until it is stopped."""

import asyncio
from typing import Annotated

import typer

from app.cli.arguments import Host, Port, Workers
from app.cli.demo_screen import screen
from app.cli.keys import require_key
from app.config import load_settings
from app.process.resources import Resources
from app.server.serving import announce_when_live, require_free_port, serve_forever
from app.services.scenarios.definition_file import read_scenarios
from app.storage.migrations import require_schema


def serve(
    host: Host = None,
    port: Port = None,
    workers: Workers = None,
    example_user: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve the HTTP API until stopped."""
    settings = load_settings(host=host, port=port, workers=workers)

    async def check() -> None:
        async with Resources(settings) as resources:
            await require_schema(resources.database)
            await require_key(resources)
        if settings.scenarios is not None:
            read_scenarios(settings.scenarios)

    asyncio.run(check())
    require_free_port(settings)
    announce_when_live(settings, example_user, screen)
    serve_forever(settings)
