"""Who is erased while an import runs is not stored again by the rest of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from app.config import Settings
from app.process import transfer_factory
from app.process.resources import Resources
from app.services.transfer import importing as importing_module
from app.services.transfer.dropped import ERASED
from app.services.transfer.importing import Importing
from app.storage.imports import DONE, FAILED
from app.storage.tables import imports
from models.data import file_chunks
from models.data.file_chunks import Files, open_folder
from models.data.progress import silent

ROWS = 9


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Files]:
    folder = tmp_path / "data"
    folder.mkdir()
    lines = [f"{'gone' if n % 3 else 'stays'},i{n},view,{1_700_000_000 + n}" for n in range(ROWS)]
    (folder / "interactions.csv").write_text("\n".join(["user_id,item_id,event_type,timestamp", *lines]))
    (folder / "users.csv").write_text("user_id,city\ngone,Köln\nstays,Bonn\n")
    monkeypatch.setattr(file_chunks, "CHUNK_ROWS", 3)
    monkeypatch.setattr(importing_module, "_ROWS_A_TRANSACTION", 3)
    return lambda: open_folder(folder)


async def log_of(resources: Resources, user: str) -> int:
    return len(await resources.user_data.log([user], None, 100))


@pytest.mark.parametrize("interrupted", [False, True])
async def test_the_rest_of_an_import_leaves_out_who_was_erased(
    resources: Resources,
    settings: Settings,
    files: Callable[[], Files],
    interrupted: bool,
) -> None:
    erased: list[str] = []
    importing: Importing = transfer_factory.importing(resources)
    add = importing._bulk.add

    async def then_erase(*arguments: object) -> int:
        new: int = await add(*arguments)  # type: ignore[arg-type]
        if not erased:
            async with Resources(settings) as other:
                erased.extend(await other.user_data.erase("gone"))
            if interrupted:
                raise KeyboardInterrupt
        return new

    importing._bulk.add = then_erase  # type: ignore[assignment, method-assign]
    if interrupted:
        with pytest.raises(KeyboardInterrupt):
            await importing.run(files(), progress=silent)
        done = await transfer_factory.importing(resources).run(files(), progress=silent)
    else:
        done = await importing.run(files(), progress=silent)
    assert erased == ["gone"]
    assert await log_of(resources, "gone") == 0
    assert await log_of(resources, "stays") == 3
    assert await resources.users.get("gone") is None
    assert done.interactions is not None
    assert done.interactions.dropped[ERASED] > 0
    # Who comes back afterwards is somebody new, and what was noted is gone.
    async with resources.database.begin() as connection:
        assert (await connection.exec_driver_sql("SELECT erased FROM imports")).scalars().all() == [None]


async def test_a_new_import_of_the_same_files_is_none_from_before(
    resources: Resources, files: Callable[[], Files]
) -> None:
    await transfer_factory.importing(resources).run(files(), progress=silent)
    await resources.user_data.erase("gone")
    await transfer_factory.importing(resources).run(files(), again=True, progress=silent)
    assert await log_of(resources, "gone") == 6


@pytest.mark.parametrize("status", [DONE, FAILED])
async def test_an_import_that_has_ended_holds_no_digests_and_gets_none(resources: Resources, status: str) -> None:
    state = await resources.imports.begin("0" * 64, "folder")

    async def erased() -> int:
        await resources.user_data.erase("gone")
        async with resources.database.begin() as connection:
            return len(await connection.scalar(select(imports.c.erased)) or ())

    assert await erased() == 1
    await resources.imports.end(state.import_id, status)
    assert await erased() == 0
