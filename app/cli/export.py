"""`braid export FOLDER`, in addition to the subcommands of `braid export`."""

from typing import Any

from typer.core import TyperGroup


class ExportGroup(TyperGroup):
    """Takes a word that is no command of the group as the folder of the default command."""

    default = "folder"

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Resolve the command, or the default one."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            args = [self.default, *args]
        return super().resolve_command(ctx, args)
