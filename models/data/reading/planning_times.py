"""Decides how the times of a file are read: their unit, their zone, and whether the day or the month comes first."""

from models.data import columns
from models.data.order import is_order
from models.data.reading import times
from models.data.reading.plans import Plan, Question
from models.data.reading.sources import Source

MOMENTS = ("available_from", "available_until")


def plan_times(made: Plan, source: Source, timestamps: str | None) -> None:
    """Find the unit, the zone and the order of day and month; ask where the file does not say it."""
    said, name = made.mapping, str(source.place)
    targets = [target for target in (columns.TIMESTAMP, *MOMENTS) if target in said.columns]
    if made.kind == "users" or not targets:
        made.reading.times = times.TimeReading()
        return
    first = source.sample(said.columns[targets[0]])
    cells = [*first, *(cell for target in targets[1:] for cell in source.sample(said.columns[target]))]
    unit, texts = said.times, times.texts_of(cells)
    marked = source.schema is not None and (is_order(source.schema) or source.is_exported)
    if marked or timestamps == "order":
        return
    if unit is None and (several := times.several_units(first)):
        text = (
            f"the numbers in {said.columns[targets[0]]!r} have several units: {' and '.join(several)}; bring them into"
            " one, or --times reads all of them in the one that it names"
        )
        made.questions.append(Question(name, "--times", said.columns[targets[0]], text))
    if unit is None and (found := times.unit_of(first)) is not None:
        unit = found[0]  # type: ignore[assignment]
        if timestamps is None and abs(found[1]) < times.EARLIEST:
            middle = f"{found[1]:,.15g}"
            text = (
                f"the numbers in {said.columns[targets[0]]!r}, such as {middle}, would be times before 1973:"
                " --timestamps order takes them for an order, --timestamps seconds for times"
            )
            made.questions.append(Question(name, "--timestamps", said.columns[targets[0]], text))
        if unit != "s":
            made.told.append(
                f"{targets[0]}: {times.UNIT_NAMES[str(unit)]} since 1970, by their magnitude (--times {unit})"
            )
    order, both = times.order_of_day(texts)
    form = said.date_format or order
    if form is None and both is not None:
        text = (
            f"the column {said.columns[targets[0]]!r}: {both!r} can be read in two ways:"
            f" --date-format {times.DAY_FIRST} or {times.MONTH_FIRST}"
        )
        made.questions.append(Question(name, "--date-format", said.columns[targets[0]], text))
    elif form is not None and form == order and said.date_format is None:
        made.told.append(
            f"{targets[0]}: the {'day' if form == times.DAY_FIRST else 'month'} comes first (--date-format {form})"
        )
    bare = times.without_zone(texts) if form in {None, times.DAY_FIRST, times.MONTH_FIRST} else next(iter(texts), None)
    zone = said.timezone
    if bare is not None and zone is None and "%z" not in str(form):
        text = (
            f"the column {said.columns[targets[0]]!r} has times without a zone, such as {bare!r}:"
            " --timezone UTC, or Europe/Berlin, says which"
        )
        made.questions.append(Question(name, "--timezone", said.columns[targets[0]], text))
    made.mapping = said.model_copy(update={"times": said.times or (unit if unit != "s" else None), "date_format": form})
    made.reading.mapping = made.mapping
    made.reading.times = times.TimeReading(str(unit or "s"), times.zone_named(zone) if zone else None, form)
