"""Erased users: a bundle says nothing about them, whatever else happens meanwhile."""

from collections.abc import Collection

import pytest

from app.errors import DatabaseError
from app.process.resources import Resources
from app.services.state.erased_users import ErasedUsers
from app.services.state.serving import Serving
from app.storage.first_mentions import FirstMentions
from app.storage.masks import MaskStore
from models.bundle.store import BundleStore
from models.data.strengths import StrengthScale
from models.ranking.live_catalogue import LiveCatalogue
from models.ranking.ranker import Ranker


class Interrupted(MaskStore):
    """A user is erased while the erased users are read, and reading may fail then."""

    erased_users: ErasedUsers
    erased = ""
    fails = False

    async def hidden(self, known: Collection[str]) -> list[str]:
        found = await super().hidden(known)
        self.erased_users.erase([self.erased])
        if self.fails:
            raise DatabaseError("away")
        return found


def served(bundles: BundleStore) -> Serving:
    ranker = Ranker.load(bundles.load(bundles.active_version() or ""))
    return Serving(ranker, LiveCatalogue(ranker.knowledge, ranker.content), StrengthScale())


@pytest.mark.parametrize("fails", [False, True])
async def test_who_is_erased_while_a_bundle_is_exchanged_is_hidden_in_both_bundles(
    resources: Resources, bundles: BundleStore, fails: bool
) -> None:
    store = Interrupted(resources.database, resources.changes)
    store.erased_users = erased_users = ErasedUsers(store, FirstMentions(resources.database))
    first, second = served(bundles), served(bundles)
    store.erased = "nobody"
    await erased_users.hide_in(first)
    (one, two) = [user.decode() for user in first.ranker.user_ids[:2]] if first.ranker is not None else []
    assert first.user_row(one) >= 0
    store.erased, store.fails = one, fails
    await erased_users.hide_in(second)
    for serving in (first, second):
        assert serving.user_row(one) == -1
        assert serving.user_row(two) >= 0
