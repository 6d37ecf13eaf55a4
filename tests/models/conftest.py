"""What the tests of the models share: tiny tables, the checkerboard and one trained bundle."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from models.bundle.loader import Bundle
from models.bundle.store import BundleStore
from models.data.codes import find
from models.data.history import History
from models.data.interactions import Interactions
from models.ranking.candidate_generation import CandidateQuery
from models.ranking.ranker import Ranker

Row = tuple[object, ...]
MakeTable = Callable[..., pa.Table]
N_USERS, N_ITEMS = 12, 12


@pytest.fixture(scope="session")
def table() -> MakeTable:
    """Make a table of interactions from rows of user, item and, where given, timestamp."""

    def make(rows: Sequence[Row]) -> pa.Table:
        names = ("user_id", "item_id", "timestamp")[: len(rows[0])]
        types = {"user_id": pa.string(), "item_id": pa.string(), "timestamp": pa.float64()}
        return pa.table({name: pa.array([row[at] for row in rows], types[name]) for at, name in enumerate(names)})

    return make


@pytest.fixture(scope="session")
def checkerboard(table: MakeTable) -> Interactions:
    """Even users had the even items, odd users the odd ones; each lacks the item of its own number."""
    rows = []
    for user in range(N_USERS):
        own = [item for item in range(N_ITEMS) if item % 2 == user % 2]
        rows += [(f"u{user:02d}", f"i{item:02d}", float(item)) for item in own if item != user]
    return Interactions.from_table(table(rows))


@pytest.fixture(scope="session")
def trained_store(tmp_path_factory: pytest.TempPathFactory, trained_bundles: Path) -> BundleStore:
    """The bundle that is trained once, in a store that the tests of this process may write to."""
    folder = tmp_path_factory.mktemp("store") / "bundles"
    shutil.copytree(trained_bundles, folder)
    return BundleStore(folder)


@pytest.fixture(scope="session")
def trained(trained_store: BundleStore) -> Bundle:
    bundle = trained_store.load_active()
    assert bundle is not None
    return bundle


@pytest.fixture
def store(tmp_path: Path) -> BundleStore:
    return BundleStore(tmp_path / "bundles")


@pytest.fixture(scope="session")
def codes() -> Callable[..., np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """Make an array of codes."""

    def make(*items: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
        return np.array(items, dtype=np.int32)

    return make


Recommend = Callable[..., list[tuple[str, float]]]


@pytest.fixture
def recommend() -> Recommend:
    """Rank by ids: what a service does, which translates them."""

    def run(
        ranker: Ranker,
        history: Sequence[str],
        *,
        limit: int,
        exclude: Sequence[str] = (),
        user_id: str = "",
        strengths: Sequence[float] | None = None,
    ) -> list[tuple[str, float]]:
        codes = find(ranker.item_ids, history)
        known = codes >= 0
        strong = None if strengths is None else np.array(strengths, dtype=np.float32)[known]
        query = CandidateQuery(
            excluded=find(ranker.item_ids, exclude), limit=max(limit, ranker.retriever.config.blend.candidates)
        )
        found = ranker.rank(History(codes[known], int(find(ranker.user_ids, [user_id])[0]), strong), query)
        ids = [ranker.item_ids[code].decode() for code in found.items[:limit]]
        return list(zip(ids, found.scores[:limit].tolist(), strict=True))

    return run
