"""Data sets of shops whose ids hold spaces, slashes, accents and emoji."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from app.config import Settings
from app.process import transfer_factory
from app.process.resources import Resources
from app.storage.rows import Row
from models.data.errors import DataSetError
from models.data.file_chunks import open_folder
from models.data.progress import silent
from tests.app.services.transfer.test_round_trip import there_and_back

pytestmark = pytest.mark.usefixtures("ids_are_reset")
CSV = "user_id,item_id,event_type,timestamp\n" + "".join(
    f"{user},{item},view,{1_772_366_400 + place}\n"
    for place, (user, item) in enumerate([("John Smith", "a/b"), ("u2", "café"), ("u3", "😀"), ("u4", "ok")])
)
LONGEST = "é" * 128
IDS = ["a/b", "John Smith", 'say "hi", twice', "a\\b", "\u2028", "NULL", "é", "e\u0301", LONGEST]


@pytest.fixture(params=["strict", "utf8"])
def rule(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def settings(settings: Settings, rule: str) -> Settings:
    return settings.model_copy(update={"id_rule": rule})


async def test_the_wider_rule_keeps_every_row(resources: Resources, rule: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/interactions.csv").write_text(CSV, encoding="utf-8")
    importing = transfer_factory.importing(resources).run(open_folder(tmp_path / "data"), progress=silent)
    if rule == "strict":
        with pytest.raises(DataSetError, match=r"line 2, column user_id: 'John Smith': .*BRAID_ID_RULE=utf8"):
            await importing
        assert await resources.interactions.count() == 0
    else:
        await importing
        stored = (await resources.interactions.table(silent))["item_id"].to_pylist()
        assert stored == ["a/b", "café", "😀", "ok"]


@pytest.mark.parametrize("rule", ["utf8"], indirect=True)
async def test_exports_bring_every_id_back(resources: Resources, tmp_path: Path) -> None:
    await resources.interactions.store([Row(text, text, "view", timestamp=1, event_id=text) for text in IDS])
    await there_and_back(resources, tmp_path)
    exported = pq.read_table(tmp_path / "two/interactions.parquet")
    assert [exported[name].to_pylist() for name in ("user_id", "item_id", "event_id")] == [IDS] * 3
