"""What commands print: text for people, or one JSON document for programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console

from app.cli.running import console

AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document on standard output, for programs, and nothing else there."),
]
_remarks = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def console_for(as_json: bool) -> Console:
    """Return where text for people goes: standard error where a document is wanted on standard output."""
    return _remarks if as_json else console


def print_json(document: BaseModel | Mapping[str, Any] | list[Any]) -> None:
    """Print a document, with times in RFC 3339."""
    found = document.model_dump(mode="json") if isinstance(document, BaseModel) else document
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
