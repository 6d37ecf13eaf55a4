"""What posting interactions means: they are committed, once, and then acknowledged."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from app.errors import OverloadedError, UnknownReferenceError
from app.schemas.interactions import InteractionIn, InteractionStored
from app.schemas.problems import FieldError
from app.services.group_commit import GroupCommit
from app.services.histories import Histories
from app.services.popular import PopularItems
from app.storage.first_sight import FirstSight
from app.storage.interactions import InteractionStore
from app.storage.rows import Row, Stored
from app.times import now, to_microseconds

_MAX_ROWS_AT_ONCE = 100_000
"""Rows of batches that are under way: beyond them memory would grow, and each would take longer."""


@dataclass(frozen=True)
class StoredBatch:
    """What became of the rows of a batch: how many are new and how many repeats, and why others were refused."""

    stored: int
    repeated: int
    refused: dict[int, FieldError]


class Ingestion:
    """Stores interactions.

    Parameters
    ----------
    create_unknown
        Whether users and items that nobody has described are created; interactions that name them are refused
        otherwise.
    """

    def __init__(
        self,
        interactions: InteractionStore,
        first_sight: FirstSight,
        histories: Histories,
        popular: PopularItems,
        *,
        create_unknown: bool,
    ) -> None:
        self._interactions = interactions
        self._first_sight = first_sight
        self._histories = histories
        self._popular = popular
        self._create_unknown = create_unknown
        self._group = GroupCommit(self._commit)
        self._rows_at_once = 0

    async def store(self, interaction: InteractionIn) -> InteractionStored:
        """Commit an interaction; a repeat of an `event_id` answers with the first one's id.

        Raises
        ------
        UnknownReferenceError
            There is no such user or item, and they are not created.
        OverloadedError
            Too many interactions are waiting; nothing was stored.
        DatabaseError
            The database does not answer.
        """
        row = to_row(interaction, now())
        if not self._create_unknown:
            for error in (await self._unknown([row])).values():
                raise UnknownReferenceError(error.detail, error.field)
        stored = await self._group.add(row)
        return InteractionStored.model_construct(
            id=stored.id, event_id=interaction.event_id, status="repeat" if stored.repeated else "stored"
        )

    async def store_batch(self, interactions: Sequence[InteractionIn], *, atomic: bool) -> StoredBatch:
        """Commit interactions in one transaction; what is there twice without an `event_id` is stored once.

        Parameters
        ----------
        atomic
            Whether nothing is stored where one of them is refused.

        Raises
        ------
        OverloadedError
            Too many interactions are being stored; nothing of these was.
        DatabaseError
            The database does not answer.
        """
        if self._rows_at_once and self._rows_at_once + len(interactions) > _MAX_ROWS_AT_ONCE:
            raise OverloadedError(f"{self._rows_at_once:,} interactions of batches are being stored")
        self._rows_at_once += len(interactions)
        try:
            moment = now()
            rows = [to_row(interaction, moment) for interaction in interactions]
            refused = {} if self._create_unknown else await self._unknown(rows)
            if refused and atomic:
                return StoredBatch(0, 0, refused)
            unique = _without_repeats(rows, refused)
            found = await self._commit(unique) if unique else []
        finally:
            self._rows_at_once -= len(interactions)
        new = sum(not stored.repeated for stored in found)
        return StoredBatch(new, len(rows) - len(refused) - new, refused)

    async def close(self) -> None:
        """Wait until everything that was taken is committed."""
        await self._group.close()

    async def _commit(self, rows: Sequence[Row]) -> list[Stored]:
        found = await self._interactions.store(rows)
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


def to_row(interaction: InteractionIn, moment: int) -> Row:
    """Give the row of an interaction; `moment` is its time where it has none."""
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
    )


def _without_repeats(rows: Sequence[Row], refused: dict[int, FieldError]) -> list[Row]:
    """Leave out what was refused, and rows without an `event_id` that say what another one has said."""
    seen = set()
    kept = []
    for place, row in enumerate(rows):
        if place in refused:
            continue
        if row.event_id is None:
            said = row[:3] + row[4:5]
            if said in seen:
                continue
            seen.add(said)
        kept.append(row)
    return kept
