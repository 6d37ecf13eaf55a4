"""The state of imports."""

import pytest

from app.process.resources import Resources
from app.storage import imports


async def test_the_imports_that_began_last_come_first(resources: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(1_000, 2_000))
    monkeypatch.setattr(imports, "now", lambda: next(moments))
    begun = [(await resources.imports.begin(f"files-{number}", "folder")).import_id for number in range(3)]
    await resources.imports.end(begun[0], imports.FAILED, "no row can be imported")
    found = await resources.imports.latest(2)
    assert [state.import_id for state in found] == begun[:0:-1]
    assert [(state.status, state.error) for state in await resources.imports.latest(9)][-1] == (
        "failed",
        "no row can be imported",
    )
