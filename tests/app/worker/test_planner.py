"""When training is planned: what the active bundle was made from is not new."""

import orjson
import pytest

from app.config import Settings
from app.context import Context
from app.worker.planner import Planner
from models.bundle.manifest import MANIFEST_FILE, Manifest
from models.bundle.store import BundleStore
from tests.app.writing import store_all

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def view(context: Context, times: int) -> int:
    """Store so many views; give the id of the last."""
    row = {"user_id": "u", "item_id": "i", "event_type": "view", "event_id": None, "timestamp": 1}
    return max(stored.id for stored in await store_all(context.interactions, [row] * times))


def made_from(bundles: BundleStore, last_id: int) -> None:
    manifest = bundles.root / str(bundles.active_version()) / MANIFEST_FILE
    document = orjson.loads(manifest.read_bytes())
    document["data"]["last_interaction_id"] = last_id
    manifest.write_bytes(orjson.dumps(document))


@pytest.fixture
def planner(context: Context, settings: Settings) -> Planner:
    wanted = settings.model_copy(update={"training_schedule": "off", "training_threshold": 5})
    return Planner(context.job_store, context.bundles, wanted)


async def origins(context: Context) -> list[str]:
    return [job.origin for job in await context.job_store.page(10)]


async def test_without_a_bundle_the_whole_log_is_new(context: Context, planner: Planner) -> None:
    await view(context, 4)
    await planner.plan()
    assert await origins(context) == []
    await view(context, 1)
    await planner.plan()
    await planner.plan()
    assert await origins(context) == ["threshold"]


async def test_what_the_active_bundle_was_made_from_is_not_new_whoever_made_it(
    context: Context, planner: Planner, bundles: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_from(bundles, await view(context, 20))
    asked: list[str] = []
    read = context.bundles.manifest

    def counted(version: str) -> Manifest:
        asked.append(version)
        return read(version)

    monkeypatch.setattr(context.bundles, "manifest", counted)
    await planner.plan()
    await planner.plan()
    assert len(asked) == 1
    await view(context, 4)
    await planner.plan()
    assert await origins(context) == []
    await view(context, 1)
    await planner.plan()
    assert await origins(context) == ["threshold"]
