"""`braid doctor`: what is wrong with a deployment, and what to do about it."""

import asyncio

import typer
from rich.text import Text

from app.cli.exit_codes import FAILED
from app.cli.output import AsJson, print_json
from app.cli.running import console
from app.config import Settings, SettingsError, load_settings
from app.errors import BraidError
from app.logs import configure_logging
from app.process.resources import Resources
from app.services.monitoring.findings import Finding
from app.services.scenarios.definition_file import read_scenarios
from models.bundle.errors import BundleError

_WIDTH = 11
_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def doctor(as_json: AsJson = False) -> None:
    """Check settings, database, bundle, disks, clock, workers and stored data; nothing is changed.

    The exit code is 1 if a check failed; warnings do not count.
    """
    configure_logging("critical")
    findings = _findings()
    if as_json:
        print_json(list(findings))
    else:
        for finding in findings:
            status = (f"{finding.status:<8}", _STYLES[finding.status])
            console.print(Text.assemble(status, f" {finding.name:<{_WIDTH}} {finding.detail}"))
    if any(finding.status == "failed" for finding in findings):
        raise typer.Exit(FAILED)


def _findings() -> list[Finding]:
    from app.process.doctor_factory import doctor as make_doctor  # noqa: PLC0415

    try:
        settings = load_settings()
    except SettingsError as error:
        return [Finding("settings", "failed", f"{error}: correct it; nothing else was looked at")]

    async def look() -> list[Finding]:
        async with Resources(settings) as resources:
            return await make_doctor(resources).look()

    try:
        return [_of_files(settings), *asyncio.run(look())]
    except (BraidError, BundleError, OSError) as error:
        return [_of_files(settings), Finding("deployment", "failed", f"{error}: check the settings that name it")]


def _of_files(settings: Settings) -> Finding:
    """Read the files that the settings name."""
    # No other command but `serve` reads explanations: these imports would take each of them a second.
    from app.services.recommending.wording import Wording  # noqa: PLC0415

    try:
        if settings.scenarios is not None:
            read_scenarios(settings.scenarios)
        Wording(settings.explanations)
    except (BraidError, OSError) as error:
        return Finding("settings", "failed", f"{error}: correct the file; `braid serve` does not start with it")
    if settings.test_clock is not None:
        return Finding("settings", "warning", "BRAID_TEST_CLOCK is set: the clock stands; unset it outside of tests")
    return Finding("settings", "ok", f"{len(settings.model_fields_set)} are set")
