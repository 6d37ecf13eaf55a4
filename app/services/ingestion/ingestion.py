"""Ingestion: interactions are committed exactly once, and then acknowledged."""

from collections.abc import Mapping, Sequence

import orjson
from pydantic import TypeAdapter

from app.errors import EventIdConflictError, InvalidFieldsError, OverloadedError
from app.schemas.interactions import InteractionIn, InteractionsStored
from app.schemas.problems import FieldError
from app.services.ingestion.group_commit import GroupCommit
from app.services.kit.batches import all_refused, told, validate
from app.services.kit.event_types import EventTypeRule
from app.services.popularity.log_counts import LogCounts
from app.services.state.histories import Histories
from app.storage.first_mentions import FirstMentions
from app.storage.interactions import InteractionStore
from app.storage.rows import Row, Stored
from app.times import clock, to_microseconds
from models.data.sales import counted_type

_ROWS = TypeAdapter(list[InteractionIn])
_MAX_ROWS_AT_ONCE = 100_000
"""Rows of all batches that are being stored at one time: more would cost memory and slow down each batch."""


class Ingestion:
    """Stores interactions.

    Parameters
    ----------
    create_unknown
        Whether unknown users and items are created; otherwise interactions that name them are refused.
    """

    def __init__(
        self,
        interactions: InteractionStore,
        first_mentions: FirstMentions,
        histories: Histories,
        popular: LogCounts,
        event_types: EventTypeRule,
        *,
        create_unknown: bool,
    ) -> None:
        self._interactions = interactions
        self._first_sight = first_mentions
        self._histories = histories
        self._popular = popular
        self._event_types = event_types
        self._create_unknown = create_unknown
        self._group = GroupCommit(self._commit)
        self._rows_at_once = 0

    async def store(self, interaction: InteractionIn) -> Stored:
        """Commit an interaction and return its place in the log; for a repeated `event_id`, that of the first one.

        Raises
        ------
        EventIdConflictError
            The log has its `event_id` with other content.
        InvalidFieldsError
            The event type is not accepted; or the user or the item is unknown, and `create_unknown` is false.
        OverloadedError
            Too many interactions are waiting; nothing was stored.
        DatabaseError
            The database does not answer.
        """
        self._event_types.require([interaction.event_type], "event_type")
        row = to_row(interaction, clock.now())
        if not self._create_unknown:
            for error in (await self._unknown([row])).values():
                raise InvalidFieldsError(f"1 field is not valid: {error.field}", [error])
        stored = await self._group.add(row)
        if stored.differs:
            raise EventIdConflictError([stored])
        return stored

    async def store_batch(self, given: Sequence[object], *, atomic: bool) -> InteractionsStored:
        """Commit the valid rows of a batch in one transaction; equal rows without an `event_id` are stored once.

        Parameters
        ----------
        given
            The rows as they were received.
        atomic
            Whether nothing is stored if a row is refused.

        Raises
        ------
        BatchRefusedError
            A row is refused, and `atomic` is true.
        OverloadedError
            Too many interactions are being stored; none of this batch was.
        DatabaseError
            The database does not answer.
        """
        if self._rows_at_once and self._rows_at_once + len(given) > _MAX_ROWS_AT_ONCE:
            raise OverloadedError(f"{self._rows_at_once:,} interactions of batches are being stored")
        self._rows_at_once += len(given)
        try:
            batch = await validate(given, _ROWS, InteractionIn.model_fields)
            moment = clock.now()
            rows = [to_row(interaction, moment) for interaction in batch.rows]
            refused = dict(batch.refused)
            for place, row in zip(batch.places, rows, strict=True):
                if not self._event_types.takes(row.event_type):
                    refused[place] = self._event_types.refusal(row.event_type)
            if not self._create_unknown:
                unknown = await self._unknown(rows)
                refused = {batch.places[place]: why for place, why in unknown.items()} | refused
            if refused and atomic:
                raise all_refused(refused, len(given))
            kept = _without_repeats(
                {place: row for place, row in zip(batch.places, rows, strict=True) if place not in refused}
            )
            try:
                found = await self._commit(list(kept.values()), atomic=atomic) if kept else []
            except EventIdConflictError as error:
                found = error.found
            refused |= {place: _conflict(stored) for place, stored in zip(kept, found, strict=True) if stored.differs}
            if refused and atomic:
                raise all_refused(refused, len(given))
        finally:
            self._rows_at_once -= len(given)
        new = sum(not stored.repeated for stored in found)
        repeated = len(given) - len(refused) - new
        return InteractionsStored(stored=new, repeated=repeated, **told(refused))

    async def close(self) -> None:
        """Wait until every accepted row is committed."""
        await self._group.close()

    async def _commit(self, rows: Sequence[Row], *, atomic: bool = False) -> Sequence[Stored]:
        found = await self._interactions.store(rows, atomic=atomic)
        self._histories.stored(rows, found)
        self._popular.forget()
        return found

    async def _unknown(self, rows: Sequence[Row]) -> dict[int, FieldError]:
        users, items = await self._first_sight.missing({row.user_id for row in rows}, {row.item_id for row in rows})
        refused = {}
        for place, row in enumerate(rows):
            if row.user_id in users:
                detail = f"there is no user {row.user_id!r}: put it first"
                refused[place] = FieldError(field="user_id", code="unknown_user", detail=detail)
            elif row.item_id in items:
                detail = f"there is no item {row.item_id!r}: put it first"
                refused[place] = FieldError(field="item_id", code="unknown_item", detail=detail)
        return refused


def _conflict(stored: Stored) -> FieldError:
    error = EventIdConflictError([stored])
    return FieldError(field="event_id", code=error.code, detail=str(error))


def to_row(interaction: InteractionIn, moment: int) -> Row:
    """Return the row of an interaction; `moment` is its time where it has none."""
    timestamp, context = interaction.timestamp, interaction.context
    return Row(
        interaction.user_id,
        interaction.item_id,
        interaction.event_type,
        interaction.value,
        moment if timestamp is None else to_microseconds(timestamp),
        interaction.event_id,
        interaction.request_id,
        interaction.position,
        None if context is None else orjson.dumps(context).decode(),
        interaction.quantity,
        interaction.revenue,
        timestamp is not None,
    )


def _without_repeats(rows: Mapping[int, Row]) -> dict[int, Row]:
    """Leave out rows without an `event_id` that equal an earlier row; the keys are their places in the batch."""
    seen = set()
    kept = {}
    for place, row in rows.items():
        if row.event_id is None:
            said = (row.user_id, row.item_id, counted_type(row.event_type, row.quantity), row.timestamp)
            if said in seen:
                continue
            seen.add(said)
        kept[place] = row
    return kept
