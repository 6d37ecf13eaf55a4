"""Commands that are read when they are called: to read all of them takes a second, which `--help` should not."""

from collections.abc import Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Iterator


class Lazy(NamedTuple):
    """Where a command is, what the list of commands says of it, and what its own help ends with."""

    module: str
    name: str
    help: str
    epilog: str


class LazyGroup(TyperGroup):
    """A group whose commands are listed, and their names completed, without their modules."""

    lazy: ClassVar[Mapping[str, Lazy]] = {}

    def __init__(self, **options: Any) -> None:
        listed = {name: TyperCommand(name, help=one.help) for name, one in self.lazy.items()}
        super().__init__(**{**options, "commands": listed})
        self._listing = False

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, with its module unless commands are listed."""
        listed = super().get_command(ctx, cmd_name)
        return listed if listed is None or self._listing else self._read(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, with the list of commands."""
        with self._lists():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Return the names of commands that begin so."""
        with self._lists():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _lists(self) -> "Iterator[None]":
        self._listing = True
        try:
            yield
        finally:
            self._listing = False

    def _read(self, name: str) -> Any:
        found = getattr(import_module(self.lazy[name].module), self.lazy[name].name)
        if not isinstance(found, typer.Typer):
            one = typer.Typer(add_completion=False)
            one.command(name)(found)
            found = one
        command: Any = typer.main.get_command(found)
        command.name = name
        for one in (command, *getattr(command, "commands", {}).values()):
            one.epilog = self.lazy[name].epilog
        return command
