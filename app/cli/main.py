"""The `braid` command. What it prints is for people, or with `--json` for programs."""

import sys
from importlib.metadata import version
from typing import Annotated, ClassVar

import typer

from app.cli.exit_codes import STOPPED, epilog
from app.cli.lazy_group import Lazy, LazyGroup
from models import DISTRIBUTION


def _lazy(module: str, name: str, says: str, **codes: str) -> Lazy:
    return Lazy(f"app.cli.{module}", name, says, epilog(**codes))


class Braid(LazyGroup):
    """The commands, in the order in which they are needed."""

    lazy: ClassVar = {
        "demo": _lazy("demo", "demo", "Do everything on sample data: download, migrate, import, train, serve."),
        "migrate": _lazy("migrating", "migrate", "Create or update the database's tables."),
        "import": _lazy("importing", "import_files", "Read a folder or files into the database."),
        "train": _lazy(
            "training",
            "train",
            "Train on the database's interactions, publish a bundle.",
            failed="it failed, or the gate refused the bundle, which is then published and not active",
        ),
        "serve": _lazy("serving", "serve", "Serve the HTTP API until stopped."),
        "worker": _lazy("training", "worker", "Run training jobs, and add them by schedule and threshold."),
        "status": _lazy(
            "status",
            "status",
            "Show the server, the database, the bundle, training and disks, and what needs attention.",
            failed="something needs attention",
        ),
        "evaluate": _lazy("evaluating", "evaluate", "Train with the automatic recipe on a folder."),
        "bundles": _lazy("bundles", "bundles", "List the bundle versions, or activate one."),
        "export": _lazy("exporting", "export", "Write interactions and catalogue to a folder."),
        "embed": _lazy("embedding", "embed", "Give every item a vector made from the words of its title."),
        "key": _lazy("keys", "keys", "Make, list, replace and revoke API keys."),
        "doctor": _lazy(
            "doctor",
            "doctor",
            "Check settings, database, bundle, disks, clock, workers and stored data.",
            failed="a check failed; warnings do not count",
        ),
        "erase-proof": _lazy(
            "erasure",
            "erase_proof",
            "Search the database, bundles, uploads and caches.",
            failed="the id is still somewhere",
        ),
    }


cli = typer.Typer(
    cls=Braid,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Braid: a recommendation service.",
    epilog=epilog(),
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"braid {version(DISTRIBUTION)}")
        raise typer.Exit


@cli.callback()
def _global(
    _wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None: ...


def main() -> None:
    """Run the command; an error is printed in one line."""
    try:
        cli()
    except KeyboardInterrupt:
        _end("stopped", STOPPED)
    except Exception as error:
        # Which errors are told is read when there is one: the settings and the interface have many.
        from app.cli.endings import ending  # noqa: PLC0415

        if (told := ending(error)) is None:
            raise
        _end(*told)


def _end(message: str, code: int) -> None:
    typer.echo(f"braid: {' '.join(message.splitlines())}", err=True)
    sys.exit(code)
