"""Exports the list of every user, as a request would get it now, to one file."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from app.command_errors import NoBundleError
from app.schemas.options import Options
from app.services.kit.files import complete_file
from app.services.recommending.ranked_lists import ranked_list
from app.services.recommending.ranking import RankedList
from app.services.state.active_bundle import ActiveBundle
from app.services.state.histories import Histories
from app.services.state.serving import Serving
from app.services.state.user_history import read_log
from app.storage.counts import CountStore
from app.storage.database import pages
from app.storage.interactions import InteractionStore
from models.data.columns import ITEM, USER
from models.data.progress import Progress
from models.ranking.rotation import RotationConfig

SCHEMA = pa.schema(
    [
        pa.field(USER, pa.string(), nullable=False),
        pa.field("rank", pa.int32(), nullable=False),
        pa.field(ITEM, pa.string(), nullable=False),
        pa.field("score", pa.float32(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("bundle_version", pa.string(), nullable=False),
    ]
)
_USERS_AT_ONCE = 200
"""Users whose histories are in memory at the same time."""
_ROWS_A_GROUP = 100_000
_PHASE = "recommendations"


@dataclass(frozen=True)
class Exported:
    """What an export wrote; users with nothing to recommend have no rows."""

    users: int
    rows: int
    bundle_version: str


class Exporting:
    """Writes recommendations to a file.

    Parameters
    ----------
    new_item_share
        Share of each list that is kept for new items.
    rotation
        How far items sink that a user was shown and passed over.
    """

    def __init__(
        self,
        interactions: InteractionStore,
        counts: CountStore,
        histories: Histories,
        bundle: ActiveBundle,
        *,
        new_item_share: float,
        rotation: RotationConfig,
    ) -> None:
        self._interactions = interactions
        self._counts = counts
        self._histories = histories
        self._bundle = bundle
        self._share = new_item_share
        self._rotation = rotation

    async def recommendations(self, path: Path, limit: int, progress: Progress) -> Exported:
        """Write the ranked list of every user of the log to a Parquet file, in the columns of `SCHEMA`.

        The file appears when it is complete. Memory does not grow with the number of users.

        Raises
        ------
        NoBundleError
            There is no bundle to rank with.
        DatabaseError
            The log cannot be read.
        OSError
            The file cannot be written.
        """
        serving = self._bundle.serving
        if serving.version is None:
            raise NoBundleError(self._bundle.refusal or "there is no bundle to rank with: run `braid train` first")
        with complete_file(path) as writing, pq.ParquetWriter(writing, SCHEMA) as writer:
            return await self._write(writer, serving, serving.version, limit, progress)

    async def _write(
        self, writer: pq.ParquetWriter, serving: Serving, version: str, limit: int, progress: Progress
    ) -> Exported:
        progress(_PHASE, 0.0)
        expected = max(await self._counts.users(), 1)
        users, rows, waiting = 0, 0, [SCHEMA.empty_table()]
        async for user_ids in self._users():
            waiting.append(await self._lists(serving, version, user_ids, limit))
            users, rows = users + len(user_ids), rows + waiting[-1].num_rows
            if sum(table.num_rows for table in waiting) >= _ROWS_A_GROUP:
                writer.write_table(pa.concat_tables(waiting))
                waiting.clear()
            progress(_PHASE, min(users / expected, 1.0))
        if waiting:
            writer.write_table(pa.concat_tables(waiting))
        progress(_PHASE, 1.0)
        return Exported(users, rows, version)

    async def _users(self) -> AsyncIterator[Sequence[str]]:
        async for page in self._interactions.users():
            for user_ids in pages(page, _USERS_AT_ONCE):
                yield user_ids

    async def _lists(self, serving: Serving, version: str, user_ids: Sequence[str], limit: int) -> pa.Table:
        """Rank as `GET /recommend/{user_id}` does with no parameter but `limit`, and without a deadline."""
        logs = await self._histories.get_many(user_ids)
        serving.update_availability()
        options = Options(limit=limit)
        readings = [read_log(serving, user_id, logs[user_id]) for user_id in user_ids]
        lists = [
            ranked_list(serving, reading, options, new_item_share=self._share, rotation=self._rotation)
            for reading in readings
        ]
        return _table(serving, version, user_ids, lists, limit)


def _table(
    serving: Serving, version: str, user_ids: Sequence[str], lists: Sequence[RankedList], limit: int
) -> pa.Table:
    shown = [each.items[:limit].tolist() for each in lists]
    lengths = [len(items) for items in shown]
    users = [user_id for user_id, length in zip(user_ids, lengths, strict=True) for _ in range(length)]
    strategies = [each.strategy for each, length in zip(lists, lengths, strict=True) for _ in range(length)]
    ranks = [rank for length in lengths for rank in range(1, length + 1)]
    items = [serving.live.item_id(code) for codes in shown for code in codes]
    scores = [score for each in lists for score in each.scores[:limit].tolist()]
    columns = [users, ranks, items, scores, strategies, [version] * len(users)]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)], SCHEMA)
