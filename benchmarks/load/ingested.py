"""The result of the ingestion benchmark: a table in Markdown."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.load.importing import During, Import
from benchmarks.load.page import table
from benchmarks.load.posts import Singles


@dataclass
class Ingested:
    """All that was measured on one database; parts that were not requested are empty."""

    database: str
    singles: Singles | None = None
    keyed: float | None = None
    unkeyed: float | None = None
    imports: list[Import] = field(default_factory=list)
    during: During | None = None


def to_markdown(found: Sequence[Ingested], machine: dict[str, object]) -> str:
    """Write the table, with the machine above it."""
    cores = f"{machine['cores']} cores, {machine['processor']}, {machine['memory_gb']} GB, Python {machine['python']}"
    lines = ["## Ingestion", "", f"{machine['date']}; {cores}; load average {machine['load_average_before']}.", ""]
    return "\n".join([*lines, *table(("Database", "Measured", "Reached"), _rows(found))]) + "\n"


def _rows(found: Sequence[Ingested]) -> list[list[str]]:
    rows = []
    for one in found:
        if one.singles is not None:
            stored, no_op = (statistics.median(rates) for rates in (one.singles.stored, one.singles.no_op))
            latency = f"p50 {one.singles.p50:.0f} ms, p99 {one.singles.p99:.0f} ms"
            reached = f"{stored:,.0f}/s, the no-op {no_op:,.0f}/s: {one.singles.share:.0%}; {latency}"
            rows.append([one.database, "single posts", reached])
        for name, rate in (("with random UUIDs", one.keyed), ("without event_id", one.unkeyed)):
            if rate is not None:
                rows.append([one.database, f"batches of 1,000 {name}", f"{rate:,.0f} interactions/s"])
        for each in one.imports:
            name = f"`braid import`, {each.rows:,} rows {'with' if each.keyed else 'without'} event_id"
            rows.append([one.database, name, f"{each.rate:,.0f} rows/s, at most {each.peak_mb:.0f} MB"])
        if one.during is not None:
            alone, importing = (statistics.median(each) for each in (one.during.alone, one.during.importing))
            reached = f"{importing:.1f} ms, {alone:.1f} ms without: {importing / alone:.1f} times"
            rows.append([one.database, "`GET /recommend` p99 during an import", reached])
    return rows
