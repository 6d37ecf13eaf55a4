"""The reference of the commands of `braid`, for `scripts/write_reference.py`."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin


def commands(faults: list[str], note: str) -> Iterator[str]:
    """Write the page, line by line; `faults` gets what has no help."""
    import typer  # noqa: PLC0415 - reads the whole service
    from typer.main import get_command  # noqa: PLC0415

    from app.cli.main import cli  # noqa: PLC0415

    yield from ("# Commands", "", note, "")
    yield "`braid COMMAND --help` prints the same. Settings are environment variables ([settings](../settings.md))."
    yield "Exit codes: 0 done, 1 failed, 2 wrong usage or data that cannot be used, 130 stopped by Ctrl-C."
    command: Any = get_command(cli)
    yield from _walk(command, typer.Context(command, info_name="braid"), ["braid"], faults)


def _walk(command: Any, context: Any, words: list[str], faults: list[str]) -> Iterator[str]:
    import typer  # noqa: PLC0415 - as above

    title = " ".join(words)
    if command.hidden:
        return
    if not command.help:
        faults.append(f"{title}: has no help")
    if not hasattr(command, "list_commands"):
        yield from _command(command, context, title, faults)
        return
    for name in sorted(command.list_commands(context)):
        inner = command.get_command(context, name)
        below = typer.Context(inner, parent=context, info_name=name)
        yield from _walk(inner, below, [*words, name], faults)


def _command(command: Any, context: Any, title: str, faults: list[str]) -> Iterator[str]:
    shown = [one for one in command.params if not getattr(one, "hidden", False) and one.name != "help"]
    usage = [title, *command.collect_usage_pieces(context)]
    yield from ("", f"## `{title}`", "", "\n".join(line.strip() for line in command.help.splitlines()), "")
    yield from ("```text", " ".join(usage if shown else [title]), "```")
    if shown:
        yield from ("", "| Option or argument | Default | Meaning |", "| --- | --- | --- |")
    for one in shown:
        is_argument = one.param_type_name == "argument"
        names = f"`{one.name}`" if is_argument else ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
        if not one.help:
            faults.append(f"{title}: {names} has no help")
        yield f"| {names} | {_default(one)} | {cell(one.help or '')}{_choices(one)} |"


def _default(one: Any) -> str:
    if one.required:
        return "required"
    return "" if one.default is None or one.default is False or callable(one.default) else f"`{one.default}`"


def _choices(one: Any) -> str:
    annotation = one.type_descriptor.annotation
    named = get_args(annotation) if get_origin(annotation) is Literal else ()
    return f" One of {', '.join(f'`{name}`' for name in named)}." if named else ""


def cell(text: str) -> str:
    """Write a text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")
