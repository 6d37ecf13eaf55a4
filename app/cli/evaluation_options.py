"""Options of an evaluation: what they say is read and checked here."""

from collections.abc import Collection, Sequence
from pathlib import Path

import typer

from models.data.cutting import PROTOCOLS
from models.data.goal import BETWEEN_GOALS


def parse_ks(text: str) -> list[int]:
    """Read the lengths of lists, for example `5,10,20`."""
    try:
        ks = sorted({int(part) for part in text.split(",")})
    except ValueError:
        ks = []
    if not ks or ks[0] < 1:
        raise typer.BadParameter("must be whole numbers from 1, for example 5,10,20", param_hint="--k")
    return ks


def parse_protocol(name: str | None) -> str | None:
    """Check the name of a protocol."""
    if name is not None and name not in PROTOCOLS:
        raise typer.BadParameter(f"must be one of {', '.join(PROTOCOLS)}", param_hint="--protocol")
    return name


def require_one_goal(text: str | None) -> None:
    """Refuse several goals where one is measured."""
    if text is not None and BETWEEN_GOALS in text:
        raise typer.BadParameter("an evaluation measures one goal: evaluate each of them", param_hint="--goal")


def parse_seen(text: str, known: Collection[str], *, include_seen: bool) -> Sequence[str] | None:
    """Read the event types whose items are left out, of those that are known; None where the text is empty."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names and include_seen:
        raise typer.BadParameter("cannot be given together with --include-seen", param_hint="--exclude-seen")
    for name in names:
        if name not in known:
            said = f"{name!r} is not one of {', '.join(sorted(known))}: BRAID_EVENT_TYPES can name it"
            raise typer.BadParameter(said, param_hint="--exclude-seen")
    return names or None


def parse_parts(text: str) -> Sequence[str]:
    """Read the names of parts, for example `item_knn,ease`; all of them where the text is empty."""
    from models.ranking.candidates import TRAINED  # noqa: PLC0415 - imports the recommenders: half a second

    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in TRAINED]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is not one of {', '.join(TRAINED)}", param_hint="--only")
    return names or TRAINED


def page_beside(output: Path | None) -> Path | None:
    """Return the path of the HTML page that goes with a JSON file."""
    if output is None:
        return None
    page = output.with_suffix(".html")
    if page == output:
        raise typer.BadParameter(
            "must not end in .html: the report of that name is written next to the JSON file", param_hint="--output"
        )
    return page
