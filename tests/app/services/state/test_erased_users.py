"""Masks of bundles: nobody who was erased is told of, whatever else happens meanwhile."""

import pytest

from app.context import Context
from app.errors import DatabaseError
from app.services.state.erased_users import ErasedUsers
from app.services.state.serving import Serving
from app.storage.first_sight import FirstSight
from app.storage.user_data import UserDataStore
from models.bundle.store import BundleStore
from models.data.strengths import StrengthScale
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker


class Interrupted(UserDataStore):
    """Somebody is erased while the masks are read, and reading may fail then."""

    masking: ErasedUsers
    erased = ""
    fails = False

    async def masked_since(self, moment: int) -> list[str]:
        found = await super().masked_since(moment)
        self.masking.mask([self.erased])
        if self.fails:
            raise DatabaseError("away")
        return found


def served(bundles: BundleStore) -> Serving:
    ranker = Ranker.load(bundles.load(bundles.active_version() or ""))
    return Serving(ranker, LiveCatalogue(ranker.knowledge, ranker.content), StrengthScale())


@pytest.mark.parametrize("fails", [False, True])
async def test_who_is_erased_while_masks_are_read_is_masked_in_both_bundles(
    context: Context, bundles: BundleStore, fails: bool
) -> None:
    store = Interrupted(context.database, context.changes)
    store.masking = masking = ErasedUsers(store, FirstSight(context.database))
    first, second = served(bundles), served(bundles)
    store.erased = "nobody"
    await masking.follow(first)
    (one, two) = [user.decode() for user in first.ranker.user_ids[:2]] if first.ranker is not None else []
    assert first.read(one, ()).user >= 0
    store.erased, store.fails = one, fails
    await masking.follow(second)
    for serving in (first, second):
        assert serving.read(one, ()).user == -1
        assert serving.read(two, ()).user >= 0
