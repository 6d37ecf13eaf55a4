"""The change feed: what other processes wrote takes effect in this one."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog
from prometheus_client import Gauge

from app.errors import DatabaseError
from app.services.state.histories import Histories
from app.storage.changes import Change, ChangeStore, Position
from app.storage.notifications import Notifications
from app.times import now

_POLL_SECONDS = 0.25
_RETENTION_SECONDS = 3600.0
_PRUNE_SECONDS = 600.0
_log = structlog.get_logger(__name__)
LAG = Gauge(
    "braid_change_feed_lag_seconds",
    "Seconds since everything that other processes had committed was applied; of several workers the longest.",
    multiprocess_mode="livemax",
)
Keys = tuple[str, ...] | None
OnKeys = Callable[[Keys], Awaitable[None]]


class ChangeFeed:
    """Applies the changes of the log and of the catalogue that other processes commit.

    Parameters
    ----------
    changes
        The feed in SQL.
    notifications
        Say when there may be something to read; it is read every quarter of a second in any case.
    histories
        Those in memory.
    on_items
        Called with the ids of items that other processes have changed, None where any may have changed.
    on_erased
        Called in the same way with users who were erased or merged.
    on_bundles
        Called in the same way with versions that were activated; it must not wait until they are loaded.
    on_deletions
        Called where interactions were deleted, or may have been.
    on_schema
        Called where the declared schema was changed, or may have been, before items are read.
    on_scenarios
        Called where scenarios were changed, or may have been.
    on_keys
        Called where API keys were changed, or may have been.
    """

    def __init__(
        self,
        changes: ChangeStore,
        notifications: Notifications,
        histories: Histories,
        on_items: OnKeys,
        on_erased: OnKeys,
        on_bundles: OnKeys,
        on_deletions: Callable[[], None],
        on_schema: Callable[[], Awaitable[None]],
        on_scenarios: Callable[[], Awaitable[None]],
        on_keys: Callable[[], Awaitable[None]],
    ) -> None:
        self._changes = changes
        self._notifications = notifications
        self._histories = histories
        self._on_items = on_items
        self._on_erased = on_erased
        self._on_bundles = on_bundles
        self._on_deletions = on_deletions
        self._on_schema = on_schema
        self._on_scenarios = on_scenarios
        self._on_keys = on_keys
        self._position: Position | None = None
        self._read_at = time.monotonic()
        self._pruned_at = time.monotonic()
        self._away = False
        self._known_doubts = 0

    @property
    def seconds_behind(self) -> float:
        """Seconds since everything that other processes had committed was applied."""
        return time.monotonic() - self._read_at

    async def start(self) -> None:
        """Start at the present end of the feed; call it before anything is loaded into memory."""
        with suppress(DatabaseError):
            self._position = await self._changes.position()
            self._read_at = time.monotonic()

    async def run(self) -> None:
        """Apply changes as they are committed, for as long as the process lives."""
        while True:
            await self._notifications.wait(_POLL_SECONDS)
            await self.catch_up()

    async def catch_up(self) -> None:
        """Apply everything that is committed now; nothing while the database is unavailable.

        After any other error everything in memory is read again by the next call.
        """
        try:
            await self._read()
            if self._away:
                self._away = False
                _log.info("change feed is read again")
        except DatabaseError as error:
            if not self._away:
                self._away = True
                _log.error("change feed cannot be read", reason=str(error))
        except Exception:
            # It may be applied in part.
            self._position = None
            raise
        finally:
            LAG.set(self.seconds_behind)

    async def _read(self) -> None:
        began = time.monotonic()
        if self._position is None or self.seconds_behind > _RETENTION_SECONDS / 2:
            # Missed changes may have been pruned: everything in memory may be out of date.
            self._position = await self._changes.position()
            await self._on_keys()
            await self._on_schema()
            await self._on_scenarios()
            await self._apply(None, None, None, None)
            self._on_deletions()
        else:
            found, after = await self._changes.read(self._position)
            uncertain_commits = self._changes.uncertain_commits
            if uncertain_commits != self._known_doubts:
                await self._on_keys()
                await self._on_schema()
                await self._on_scenarios()
                await self._apply(None, None, None, None)
                self._on_deletions()
                self._known_doubts = uncertain_commits
            mine = self._changes.origin
            others = [change for change in found if change.origin != mine]
            users, items, erased, bundles = (
                _keys([change for change in others if change.kind == kind])
                for kind in ("users", "items", "masks", "bundles")
            )
            if any(change.kind == "deletions" for change in found):
                self._on_deletions()
            if any(change.kind == "keys" for change in found):
                await self._on_keys()
            if any(change.kind == "scenarios" for change in others):
                await self._on_scenarios()
            if any(change.kind == "schema" for change in others):
                await self._on_schema()
                items = None
            await self._apply(users, items, erased, bundles)
            # Only now, so that changes that could not be applied are read again.
            self._position = after
        self._read_at = began
        if began - self._pruned_at > _PRUNE_SECONDS:
            self._pruned_at = began
            await self._changes.prune(now() - int(_RETENTION_SECONDS * 1e6))

    async def _apply(self, users: Keys, items: Keys, erased: Keys, bundles: Keys) -> None:
        await self._on_bundles(bundles)
        await self._on_erased(erased)
        if users is None or users:
            await self._histories.refresh(users)
        if items is None or items:
            await self._on_items(items)


def _keys(changes: list[Change]) -> tuple[str, ...] | None:
    """Join the keys of changes; None if one of them has no keys and so may be about any."""
    if any(change.keys is None for change in changes):
        return None
    return tuple(dict.fromkeys(key for change in changes for key in change.keys or ()))
