"""Questions of an import on a terminal."""

from collections.abc import Collection
from dataclasses import replace

import typer

from models.data.reading.columns_known import BY_FILE
from models.data.reading.opening import Wishes
from models.data.reading.plans import Question


def answered(question: Question, wishes: Wishes) -> Wishes:
    """Ask a question, and return what was said with the answer."""
    typer.echo(str(question))
    if question.answer == "--timestamps":
        return replace(wishes, timestamps=_ask("order or seconds", ("order", "seconds")))
    if question.answer == "--ids":
        if _ask("encode or drop", ("encode", "drop")) == "drop":
            return replace(wishes, refused_id=None)
        return replace(wishes, mapping=wishes.mapping.model_copy(update={"ids": "encode"}))
    return replace(wishes, mapping=wishes.mapping.model_copy(update=_said(question, wishes)))


def event_answered(cell: str, rows: int, known: Collection[str], wishes: Wishes) -> Wishes:
    """Ask what an event type is that Braid does not know; without an answer its rows are left out."""
    names = sorted(known)
    typer.echo(f"the event type {cell!r} ({rows:,} of the first rows) is none of Braid's: {', '.join(names)}")
    kind = _ask(f"{cell!r} is (Enter: its rows are left out)", ("", *names), default="")
    if not kind:
        return wishes
    events = {**wishes.mapping.events, cell: kind}
    return replace(wishes, mapping=wishes.mapping.model_copy(update={"events": events}))


def _said(question: Question, wishes: Wishes) -> dict[str, object]:
    said = wishes.mapping
    match question.answer:
        case "--times":
            return {"times": _ask("s, ms, us or ns", ("s", "ms", "us", "ns"))}
        case "--timezone":
            return {"timezone": _ask("time zone (UTC, Europe/Berlin, +02:00)")}
        case "--date-format":
            return {"date_format": _ask("day-first or month-first", ("day-first", "month-first"))}
        case "--map":
            return {"columns": {**said.columns, question.column: _ask(f"column that is {question.column}")}}
    target = _ask(f"{question.column!r} is (Enter: it is ignored)", ("", *BY_FILE["interactions"]), default="")
    if not target:
        return {"ignore": [*said.ignore, question.column]}
    return {"columns": {**said.columns, target: question.column}}


def _ask(text: str, among: tuple[str, ...] = (), default: str | None = None) -> str:
    while True:
        answer = str(typer.prompt(text, default=default, show_default=False)).strip()
        if not among or answer in among:
            return answer
        typer.echo(f"use one of {', '.join(filter(None, among))}")
