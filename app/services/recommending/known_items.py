"""Whether an item exists: in memory, in the catalogue or in the log."""

from app.errors import NotFoundError
from app.services.kit.database_timeout import with_timeout
from app.services.state.active_bundle import ActiveBundle
from app.storage.counts import CountStore
from app.storage.items import ItemStore

_LATEST = 200_000
"""Latest rows of the log that are searched for an item that neither bundle nor catalogue knows: it must be new."""


class KnownItems:
    """Refuses items that nothing knows."""

    def __init__(self, bundle: ActiveBundle, items: ItemStore, counts: CountStore) -> None:
        self._bundle = bundle
        self._items = items
        self._counts = counts

    async def require(self, item_id: str) -> None:
        """Refuse an unknown item.

        Raises
        ------
        NotFoundError
            Neither the catalogue nor the bundle nor the log has it.
        DatabaseError
            It is not in memory, and cannot be looked up.
        """
        serving = self._bundle.serving
        serving.update_availability()
        live = serving.live
        code = int(live.codes([item_id])[0])
        if 0 <= code < live.n_items or (code >= 0 and not live.blocked[code]):
            return
        if await with_timeout(self._items.get(item_id)) is not None:
            return
        if not await self._counts.has_item(item_id, None if serving.ranker is None else _LATEST):
            raise NotFoundError(f"there is no item {item_id!r} in the catalogue, the bundle or the log")
