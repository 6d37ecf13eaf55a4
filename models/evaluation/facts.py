"""What a report was made of: counts, time and settings, each with its meaning."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

from models.evaluation.profile_rows import profile_rows
from models.evaluation.report import EvaluationReport
from models.evaluation.tables import Table
from models.evaluation.words import COUNTS, PHASES, own_setting
from models.ranking.config import RankingConfig

_PROFILES = "What is known of users besides what they did, how much it counts, and what it gave new users."
_LEFT_OUT = "Parts that the lists do not use, and why. Nothing has to be done about them."
_SETTINGS = "What was chosen on validation, or given. They are stored in the bundle: nothing has to be set by hand."


def facts_tables(report: EvaluationReport) -> list[Table]:
    """List what profiles gave, what was left out, counts, settings and seconds."""
    profiles, left = profile_rows(report.profiles), list(report.left_out.items())
    counts = [(name, value, _count_meaning(name)) for name, value in _pairs(_flat(report.counts))]
    settings = [(name, value, setting_meaning(name)) for name, value in _pairs(_flat(report.settings))]
    seconds = [(name, value, PHASES.get(name, "")) for name, value in _pairs(report.seconds.items())]
    return [
        *([Table("Profiles", ("what", "found"), profiles, _PROFILES, words_from=1)] if profiles else []),
        *([Table("Left out", ("part", "reason"), left, _LEFT_OUT, words_from=1)] if left else []),
        Table("Counts", ("count", "number", "meaning"), counts, "How much data there was, and for what.", words_from=2),
        Table(
            "Time",
            ("phase", "seconds", "meaning"),
            seconds,
            "Seconds that each step took on the machine that measured.",
            words_from=2,
        ),
        Table("Settings", ("setting", "value", "meaning"), settings, _SETTINGS, words_from=2),
    ]


def setting_meaning(path: str) -> str:
    """Say what a setting means, given its place in the settings of a report, such as `item_knn.neighbours`."""
    return own_setting(path) or _described(RankingConfig, path.split("."))


def _described(model: type[BaseModel], path: Sequence[str]) -> str:
    field = model.model_fields.get(path[0])
    if field is None:
        return ""
    kinds = (field.annotation, *get_args(field.annotation))
    inner = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)
    if len(path) == 1 or inner is None:
        return field.description or ""
    return _described(inner, path[1:])


def _count_meaning(name: str) -> str:
    kind, _, reason = name.partition(".")
    return f"rows left out: {reason}" if kind == "rows_dropped" else COUNTS.get(name, "")


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _pairs(values: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    return [(name, f"{value:,}" if isinstance(value, int) else str(value)) for name, value in values]
