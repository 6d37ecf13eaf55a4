"""Whether what is stored fits the settings and the clock of this machine; too slow to be asked at each request."""

import pyarrow as pa
import pyarrow.compute as pc

from app.schemas.health import Check
from app.schemas.ids import UTF8, in_force
from app.schemas.types import FUTURE_TOLERANCE
from app.storage.counts import CountStore
from app.storage.samples import Sampled, SampleStore
from app.times import from_microseconds, now

_LATEST_ROWS = 1_000_000
_SAMPLE = 100_000
_DRIFT_SECONDS = 5.0
_DOTS = (".", "..")
_KINDS: tuple[Sampled, ...] = ("users", "items")


async def clock_check(counts: CountStore) -> Check:
    """Compare this machine's clock with the database's, and with the latest interaction.

    Raises
    ------
    DatabaseError
        The database does not answer.
    """
    asked = now()
    there, newest = await counts.times(_LATEST_ROWS)
    answered = now()
    drift = max(there - answered, asked - there, 0) / 1e6
    if drift > _DRIFT_SECONDS:
        detail = f"this machine and the database differ by {drift:,.0f} s: synchronise both, for instance with NTP"
        return Check(status="degraded", detail=detail)
    if newest is not None and newest > answered + FUTURE_TOLERANCE.total_seconds() * 1e6:
        when = from_microseconds(newest).isoformat(timespec="seconds")
        detail = (
            f"the latest interaction is of {when}, in the future: set this machine's clock, or correct the times of the"
            " imported rows"
        )
        return Check(status="degraded", detail=detail)
    return Check(status="ok", detail=from_microseconds(answered).isoformat(timespec="seconds"))


async def ids_check(samples: SampleStore) -> Check:
    """Count the stored ids that requests cannot name; of many ids a sample is looked at.

    Raises
    ------
    DatabaseError
        The database does not answer.
    """
    looked, refused, of_utf8, dots = 0, 0, 0, []
    for kind in _KINDS:
        ids = pa.chunked_array([pa.array((await samples.spread(kind, _SAMPLE)).ids, pa.string())])
        wrong = ids.filter(pc.invert(in_force.rule.take(ids)))
        looked, refused = looked + len(ids), refused + len(wrong)
        of_utf8 += pc.sum(UTF8.take(wrong)).as_py() or 0
        dots += [f"{name!r} of {kind}" for name in sorted(await samples.named(kind, _DOTS))]
    told = []
    if refused:
        advice = []
        if of_utf8:
            taken = "them" if of_utf8 == refused else f"{of_utf8:,} of them"
            advice.append(f"BRAID_ID_RULE=utf8 takes {taken}, set it for `braid serve` too")
        if of_utf8 < refused:
            advice.append(f"give {'the others' if of_utf8 else 'them'} new ids in your data and import them again")
        told.append(f"{refused:,} of {looked:,} ids are refused in requests: {'; '.join(advice)}")
    if dots:
        told.append(f"{', '.join(dots)}: no path can name them: give them other ids and import them again")
    if told:
        return Check(status="degraded", detail="; ".join(told))
    return Check(status="ok", detail=f"all of {looked:,} that were looked at can be named in requests")
