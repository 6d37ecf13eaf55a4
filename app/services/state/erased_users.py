"""Users who were erased or merged after the bundle in use was made: its answers must not show them."""

from collections.abc import Collection

import structlog

from app.errors import DatabaseError
from app.services.state.serving import Serving
from app.storage.first_mentions import FirstMentions
from app.storage.masks import MaskStore

_log = structlog.get_logger(__name__)


class ErasedUsers:
    """Hides erased users in the serving state.

    Where they cannot be read when a bundle is loaded, they are read as soon as the database is back.
    """

    def __init__(self, masks: MaskStore, first_mentions: FirstMentions) -> None:
        self._masks = masks
        self._first_sight = first_mentions
        self._serving: Serving | None = None
        self._unread = False
        self._arrived: set[str] | None = None
        """Users who are erased while the list for the next bundle is being read."""

    async def hide_in(self, serving: Serving) -> None:
        """Hide erased users in a new serving state, now and later.

        The present one goes on hiding them as well.
        """
        self._arrived = set()
        try:
            serving.hide_users(await self._read(serving))
            self._unread = False
        except DatabaseError as error:
            self._unread = True
            _log.error("erased users are not hidden yet", reason=str(error))
        serving.hide_users(self._arrived)
        self._serving, self._arrived = serving, None

    def shows(self, user_id: str) -> bool:
        """Tell whether the bundle in use has a user, and does not hide it."""
        return self._serving is not None and self._serving.user_row(user_id) >= 0

    def erase(self, user_ids: Collection[str]) -> None:
        """Hide users who were erased or merged by this process."""
        self._first_sight.users.forget(user_ids)
        if self._arrived is not None:
            self._arrived.update(user_ids)
        if self._serving is not None:
            self._serving.hide_users(user_ids)

    async def refresh(self, user_ids: Collection[str] | None) -> None:
        """Hide users whom other processes have erased or merged; None if it may be any of them.

        Raises
        ------
        DatabaseError
            They cannot be read.
        """
        if user_ids is not None and not self._unread:
            self.erase(user_ids)
            return
        self._first_sight.users.forget(None)
        if self._serving is not None:
            self.erase(await self._read(self._serving))
        self._unread = False

    async def _read(self, serving: Serving) -> list[str]:
        return [] if serving.ranker is None else await self._masks.hidden(serving.ranker.known_masks)
