"""`braid export FOLDER`, in addition to the subcommands of `braid export`."""

from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from app.nearest_name import nearest_name


class ExportGroup(TyperGroup):
    """Takes a word that is no command of the group as the folder of the default command."""

    default = "folder"

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Resolve the command, or the default one.

        Raises
        ------
        UsageError
            The word looks like a misspelt command, and there is no folder of this name.
        """
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            near = nearest_name(args[0], [name for name in self.commands if name != self.default])
            if near is not None and "/" not in args[0] and not Path(args[0]).exists():
                ctx.fail(f"no command {args[0]!r}: did you mean {near!r}? A folder of that name is written ./{args[0]}")
            args = [self.default, *args]
        return super().resolve_command(ctx, args)
