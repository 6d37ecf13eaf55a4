"""Erased users go from the files of bundles, whatever the clocks say, and then from what is remembered of them."""

import time
from pathlib import Path

import numpy as np
import orjson
import pytest

from app.config import Settings
from app.process import factory
from app.process.resources import Resources
from app.process.serving_state import serving_state
from app.times import clock
from models.bundle.errors import StoreUnreachableError
from models.bundle.manifest import KNOWN_MASKS, MANIFEST_FILE
from models.bundle.store import BundleStore
from models.data.codes import find
from models.ranking.ranker import Ranker
from models.recommenders.user_knn import UserKNN

DAY = 86_400_000_000


def user_of(bundles: BundleStore, row: int) -> str:
    found: bytes = bundles.load_active().arrays["user_ids"][row]  # type: ignore[union-attr]
    return found.decode()


async def erase(resources: Resources, user: str) -> None:
    # No interactions: with other items the bundle would be of another database.
    await resources.users.put(user, {})
    assert await resources.user_data.erase(user) == [user]


def know(bundles: BundleStore, tokens: list[str]) -> None:
    path = bundles.root / str(bundles.active_version()) / MANIFEST_FILE
    document = orjson.loads(path.read_bytes())
    document["data"][KNOWN_MASKS] = tokens
    path.write_bytes(orjson.dumps(document))


def in_files(root: Path, user: str) -> list[str]:
    return [path.name for path in root.rglob("*") if path.is_file() and user.encode() in path.read_bytes()]


async def test_the_clock_does_not_decide_whom_a_bundle_hides(
    resources: Resources, bundles: BundleStore, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = user_of(bundles, 3)
    behind = time.time_ns() // 1000 - 3 * DAY
    for module in ("app.storage.masks", "app.storage.changes"):
        monkeypatch.setattr(f"{module}.now", lambda: behind)
    monkeypatch.setattr(clock, "now", lambda: behind)
    await erase(resources, user)
    async with serving_state(settings) as later:
        await later.bundle.start()
        assert later.bundle.ranker is not None
        assert later.bundle.serving.user_row(user) == -1


async def test_who_came_back_is_shown_by_a_bundle_that_knows_of_the_erasure(
    resources: Resources, bundles: BundleStore, settings: Settings
) -> None:
    user = user_of(bundles, 3)
    await erase(resources, user)
    know(bundles, [mask.token for mask in await resources.masks.all()])
    async with serving_state(settings) as later:
        await later.bundle.start()
        assert later.bundle.serving.user_row(user) == 3
    # That of another erasure is unknown to it.
    await erase(resources, user)
    async with serving_state(settings) as later:
        await later.bundle.start()
        assert later.bundle.serving.user_row(user) == -1


async def test_a_bundle_loses_ids_and_histories_and_stays_whole(resources: Resources, bundles: BundleStore) -> None:
    before = bundles.load_active()
    assert before is not None
    ids = before.arrays["user_ids"]
    gone = [user_of(bundles, row) for row in (0, 50, 51, len(ids) - 1)]
    items = UserKNN.load(before, Ranker.load(before).retriever.config.user_knn).histories.row(50)[0]
    assert len(items)
    for user in gone:
        await erase(resources, user)
    assert in_files(bundles.root, gone[1])
    assert await factory.bundle_erasure(resources).clean() == [before.version]
    assert not any(in_files(bundles.root, user) for user in gone)
    after = bundles.load_active()
    assert after is not None
    left = [user for user in ids.tolist() if user.decode() not in gone]
    assert (np.sort(after.arrays["user_ids"]) == after.arrays["user_ids"]).all()
    rows = find(after.arrays["user_ids"], [user.decode() for user in left])  # type: ignore[arg-type]
    assert rows.tolist() == [row for row in range(len(ids)) if row not in {0, 50, 51, len(ids) - 1}]
    assert set(find(after.arrays["user_ids"], gone)) == {-1}  # type: ignore[arg-type]
    part = Ranker.load(after).recommenders["user_knn"]
    assert isinstance(part, UserKNN)
    for row in (0, 50, 51, len(ids) - 1):
        assert not len(part.histories.row(row)[0])
        assert not len(part.rows.row(row)[0])
        assert row not in part.rows.indices
        assert row not in part.item_users.indices
    assert len(part.histories.row(52)[0])
    # Nothing more to do, and nothing to remember.
    assert await resources.masks.all() == []
    # The one before a row that was lost goes as well: no copy of its id stays.
    await erase(resources, user_of(bundles, 49))
    assert await factory.bundle_erasure(resources).clean() == [before.version]
    assert not in_files(bundles.root, ids[49].decode())


async def test_masks_stay_while_a_bundle_holds_the_user_or_a_training_reads(
    resources: Resources, bundles: BundleStore, settings: Settings
) -> None:
    merged, stranger = user_of(bundles, 7), "stranger"
    await resources.users.put(merged, {})
    await resources.merging.merge(merged, "known")
    await erase(resources, stranger)
    async with Resources(settings) as other, other.log_readers.reading():
        await factory.bundle_erasure(resources).clean()
        assert {mask.user_id for mask in await resources.masks.all()} == {merged, stranger}
    # The bundle keeps a merged user, as the merge can be undone.
    assert await factory.bundle_erasure(resources).clean() == []
    assert [mask.user_id for mask in await resources.masks.all()] == [merged]
    assert in_files(bundles.root, merged)


async def test_without_bundles_masks_stay_unless_that_is_asked_for(resources: Resources) -> None:
    await erase(resources, "u")
    await factory.bundle_erasure(resources).clean()
    assert [mask.user_id for mask in await resources.masks.all()] == ["u"]
    await factory.bundle_erasure(resources).clean(without_bundles=True)
    assert await resources.masks.all() == []


async def test_processes_load_a_rewritten_bundle_again(
    resources: Resources, bundles: BundleStore, settings: Settings
) -> None:
    user = user_of(bundles, 3)
    async with serving_state(settings) as other:
        await other.feed.start()
        await other.bundle.start()
        first = other.bundle.ranker
        assert first is not None
        assert user.encode() in first.user_ids
        await erase(resources, user)
        await factory.bundle_erasure(resources).clean()
        await other.feed.catch_up()
        await other.bundle.load()
        again = other.bundle.ranker
        assert again is not None
        assert again is not first
        assert user.encode() not in again.user_ids
        await other.bundle.wake(None)
        await other.bundle.load()
        assert other.bundle.ranker is again


async def test_a_damaged_bundle_stops_no_other_and_keeps_the_masks(resources: Resources, bundles: BundleStore) -> None:
    user, active = user_of(bundles, 3), str(bundles.active_version())
    for version, content in (("20200101T000000000000Z", b"{"), ("20990101T000000000000Z", b'{"format": 0}')):
        (bundles.root / version).mkdir()
        (bundles.root / version / MANIFEST_FILE).write_bytes(content)
    await erase(resources, user)
    assert await factory.bundle_erasure(resources).clean() == [active]
    assert not in_files(bundles.root / active, user)
    assert [mask.user_id for mask in await resources.masks.all()] == [user]


async def test_one_machine_at_a_time_rewrites(
    resources: Resources, bundles: BundleStore, settings: Settings, backend: str
) -> None:
    user, active = user_of(bundles, 3), str(bundles.active_version())
    await erase(resources, user)
    async with Resources(settings) as other, other.log_readers.rewriting() as alone:
        assert alone
        rewritten = await factory.bundle_erasure(resources).clean()
        assert rewritten == ([] if backend == "postgresql" else [active])
    await factory.bundle_erasure(resources).clean()
    assert not in_files(bundles.root, user)
    assert await resources.masks.all() == []


async def test_a_user_who_is_in_a_bundle_only_can_be_erased(resources: Resources, bundles: BundleStore) -> None:
    user = user_of(bundles, 3)
    assert await resources.user_data.erase(user) == []
    assert [mask.user_id for mask in await resources.masks.all()] == [user]
    assert await factory.bundle_erasure(resources).clean() == [bundles.active_version()]
    assert not in_files(bundles.root, user)


async def test_ids_with_quotes_and_backslashes_are_found_in_tables(resources: Resources) -> None:
    user = 'a"b\\c'
    await resources.users.put(user, {})
    counts = {name: holding for name, _, holding in await factory.searched_tables(resources).count([user])}
    assert counts["users"] == 1
    assert counts["interactions"] == 0


async def test_masks_stay_while_a_replacement_cannot_be_finished(
    resources: Resources, bundles: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await erase(resources, "stranger")

    def away(_: str) -> bool:
        raise StoreUnreachableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(resources.bundles, "finish_replacing", away)
        assert await factory.bundle_erasure(resources).clean() == []
    assert [mask.user_id for mask in await resources.masks.all()] == ["stranger"]
    assert await factory.bundle_erasure(resources).clean() == []
    assert await resources.masks.all() == []
