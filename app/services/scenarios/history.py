"""The history of a scenario: what was stored or deleted, and what each change changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.schemas.scenario_definitions import ScenarioIn
from app.schemas.scenarios import Scenario

_FIELDS = set(ScenarioIn.model_fields)


@dataclass(frozen=True)
class FieldChange:
    """A field of a definition, before and after a change; None where it has its default."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class HistoryEntry:
    """One change of a scenario; `scenario` is None where it was deleted, or this version of Braid cannot read it."""

    version: int
    changed_at: datetime
    deleted: bool
    scenario: Scenario | None
    changes: tuple[FieldChange, ...]


def changes_between(before: ScenarioIn | None, after: ScenarioIn | None) -> tuple[FieldChange, ...]:
    """List the fields in which two definitions differ; None stands for no definition, whose fields have defaults."""
    old, new = _given(before), _given(after)
    names = [name for name in ScenarioIn.model_fields if old.get(name) != new.get(name)]
    return tuple(FieldChange(name, old.get(name), new.get(name)) for name in names)


def with_changes(
    versions: Sequence[tuple[int, datetime, bool, Scenario | None]], built_in: ScenarioIn | None
) -> list[HistoryEntry]:
    """Compare each version with what was in force before it.

    Parameters
    ----------
    versions
        Newest first: number, time, whether it is a deletion, and the scenario.
    built_in
        What is in force before the first version, and after a deletion.
    """
    found: list[HistoryEntry] = []
    before: ScenarioIn | None = built_in
    for version, changed_at, deleted, scenario in reversed(versions):
        after: ScenarioIn | None = built_in if deleted else scenario
        found.append(HistoryEntry(version, changed_at, deleted, scenario, changes_between(before, after)))
        before = after
    return found[::-1]


def _given(definition: ScenarioIn | None) -> dict[str, Any]:
    if definition is None:
        return {}
    return definition.model_dump(mode="json", exclude_defaults=True, by_alias=True, include=_FIELDS)
