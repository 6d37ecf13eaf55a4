import orjson
import pytest

from app.services.popularity import counts_since_bundle as live_popularity
from models.bundle.manifest import MANIFEST_FILE
from models.bundle.store import BundleStore


@pytest.fixture
def followed(bundles: BundleStore, monkeypatch: pytest.MonkeyPatch) -> BundleStore:
    """A bundle that says up to which row it has read the log."""
    monkeypatch.setattr(live_popularity, "_EVERY_SECONDS", 0.0)
    manifest = bundles.root / str(bundles.active_version()) / MANIFEST_FILE
    document = orjson.loads(manifest.read_bytes())
    document["data"]["last_interaction_id"] = 0
    manifest.write_bytes(orjson.dumps(document))
    return bundles
