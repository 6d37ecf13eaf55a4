"""Sends cases that Schemathesis makes of the description to a server: `python -m benchmarks.fuzz`.

Exit codes: 0 nothing was wrong with the answers, 1 something was, 2 wrong usage.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.fuzzing.records import Found
from benchmarks.fuzzing.runs import Fuzzed, fuzz_for, fuzz_until
from benchmarks.load.errors import LoadError
from benchmarks.load.work import prepare
from models.data.folder import write_folder
from models.data.synthetic import generate

_USERS, _ITEMS, _INTERACTIONS = 120, 60, 2400
_SHOWN = 500
cli = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


@cli.command()
def fuzz(
    cases: Annotated[int, typer.Option(min=1, help="Cases at least.")] = 2000,
    seconds: Annotated[int | None, typer.Option(min=1, help="Fuzz for so long in place of a number of cases.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of what is random.")] = 0,
    home: Annotated[Path, typer.Option(help="Keeps database and bundle for the next run.")] = Path("var/fuzz"),
) -> None:
    """Serve a small generated shop, and send what the description allows and what it does not."""
    data = home / "data"
    try:
        if not (home / "braid.sqlite3").exists():
            write_folder(data, generate(_USERS, _ITEMS, _INTERACTIONS, seed=7, groups=3))
        work = prepare(home, data, budget=5, say=_say)
        with tempfile.TemporaryDirectory(prefix="braid-fuzz-") as name:
            run = Fuzzed(work, Path(name), say=_say)
            found = fuzz_until(run, cases, seed=seed) if seconds is None else fuzz_for(run, seconds, seed=seed)
    except LoadError as error:
        typer.echo(f"fuzz: {error}", err=True)
        raise typer.Exit(1) from error
    _tell(found)
    if found.failures or found.server_errors:
        raise typer.Exit(1)


def _tell(found: Found) -> None:
    for (call, title), record in found.failures.items():
        typer.echo(f"{call}: {title}: {record.get('failure', {}).get('message', '')[:_SHOWN]}")
        typer.echo(f"    {record['method']} {record['url'][:_SHOWN]} {record['body'][:_SHOWN]}")
        typer.echo(f"    answered {record['status']}: {record['answer'][:_SHOWN]}")
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(found.statuses.items()))
    typer.echo(f"{found.cases:,} cases of {len(found.calls)} calls ({statuses})")
    typer.echo(f"{len(found.failures):,} kinds of failures, {found.server_errors:,} answers of 5xx")


def _say(text: str) -> None:
    typer.echo(text, err=True)


if __name__ == "__main__":
    cli()
