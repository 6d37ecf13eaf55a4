"""What posting an interaction means: it is committed, once, and then acknowledged."""

from app.schemas.interactions import InteractionIn, InteractionStored
from app.services.histories import Histories
from app.services.popular import PopularItems
from app.storage.interactions import InteractionStore
from app.times import now, to_microseconds
from models.data.columns import TIMESTAMP


class Ingestion:
    """Stores interactions."""

    def __init__(self, interactions: InteractionStore, histories: Histories, popular: PopularItems) -> None:
        self._interactions = interactions
        self._histories = histories
        self._popular = popular

    async def store(self, interaction: InteractionIn) -> InteractionStored:
        """Commit an interaction; a repeat of an `event_id` answers with the first one's id.

        Raises
        ------
        DatabaseError
            Nothing was stored.
        """
        row = interaction.model_dump(exclude={TIMESTAMP})
        row[TIMESTAMP] = now() if interaction.timestamp is None else to_microseconds(interaction.timestamp)
        stored = await self._interactions.add(row)
        if not stored.repeated:
            self._histories.stored(row, stored.id)
        self._popular.forget()
        return InteractionStored(
            id=stored.id, event_id=interaction.event_id, status="repeat" if stored.repeated else "stored"
        )
