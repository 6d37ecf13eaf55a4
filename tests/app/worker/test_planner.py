"""When training is planned: what the active bundle was made from is not new."""

import orjson
import pytest

from app.config import Settings
from app.process.resources import Resources
from app.worker.planner import Planner
from models.bundle.manifest import MANIFEST_FILE, Manifest
from models.bundle.store import BundleStore
from tests.app.writing import store_all

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


async def view(resources: Resources, times: int) -> int:
    """Store so many views; give the id of the last."""
    row = {"user_id": "u", "item_id": "i", "event_type": "view", "event_id": None, "timestamp": 1}
    return max(stored.id for stored in await store_all(resources.interactions, [row] * times))


def made_from(bundles: BundleStore, last_id: int) -> None:
    manifest = bundles.root / str(bundles.active_version()) / MANIFEST_FILE
    document = orjson.loads(manifest.read_bytes())
    document["data"]["last_interaction_id"] = last_id
    manifest.write_bytes(orjson.dumps(document))


@pytest.fixture
def planner(resources: Resources, settings: Settings) -> Planner:
    wanted = settings.model_copy(update={"training_schedule": "off", "training_threshold": 5})
    return Planner(resources.training_jobs, resources.bundles, wanted)


async def origins(resources: Resources) -> list[str]:
    return [job.origin for job in await resources.training_jobs.page(10)]


async def test_without_a_bundle_the_whole_log_is_new(resources: Resources, planner: Planner) -> None:
    await view(resources, 4)
    await planner.plan()
    assert await origins(resources) == []
    await view(resources, 1)
    await planner.plan()
    await planner.plan()
    assert await origins(resources) == ["threshold"]


async def test_what_the_active_bundle_was_made_from_is_not_new_whoever_made_it(
    resources: Resources, planner: Planner, bundles: BundleStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_from(bundles, await view(resources, 20))
    asked: list[str] = []
    read = resources.bundles.manifest

    def counted(version: str) -> Manifest:
        asked.append(version)
        return read(version)

    monkeypatch.setattr(resources.bundles, "manifest", counted)
    await planner.plan()
    await planner.plan()
    assert len(asked) == 1
    await view(resources, 4)
    await planner.plan()
    assert await origins(resources) == []
    await view(resources, 1)
    await planner.plan()
    assert await origins(resources) == ["threshold"]
