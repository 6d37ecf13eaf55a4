"""The scenarios that are in force: those of the file, then those in the database, then the built-in ones."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import structlog
from pydantic import ValidationError

from app.errors import NotFoundError, ScenarioFixedError
from app.schemas.scenario_definitions import ScenarioIn
from app.schemas.scenarios import Scenario
from app.services.scenarios.defaults import DEFAULTS
from app.services.scenarios.definition_file import read_scenarios
from app.services.scenarios.history import HistoryEntry, with_changes
from app.storage.scenarios import ScenarioStore, StoredScenario
from app.times import from_microseconds

_log = structlog.get_logger(__name__)


class Scenarios:
    """Finds, stores and deletes scenarios; what other processes store is read again with the change feed.

    Parameters
    ----------
    file
        A file of scenarios, which cannot be changed over HTTP.
    store
        Scenarios in SQL.
    """

    def __init__(self, file: Path | None, store: ScenarioStore) -> None:
        self._file = file
        self._store = store
        self._fixed: Mapping[str, ScenarioIn] = {}
        self._stored: dict[str, Scenario] = {}

    async def load(self) -> None:
        """Read the file and the database.

        Raises
        ------
        ScenarioFileError
            The file cannot be used.
        DatabaseError
            The database cannot be read.
        """
        if self._file is not None:
            self._fixed = read_scenarios(self._file)
        await self.refresh()

    async def refresh(self) -> None:
        """Read the database again."""
        found = await self._store.newest()
        read = {name: one for name, stored in found.items() if (one := _scenario(stored)) is not None}
        # What this process stored meanwhile stays.
        later = {
            name: one for name, one in self._stored.items() if name not in found or one.version > found[name].version
        }
        self._stored = read | later

    def get(self, name: str) -> Scenario:
        """Return the scenario that is in force under a name.

        Raises
        ------
        NotFoundError
            There is none; the text names those with a similar name.
        """
        if name in self._fixed:
            return _of(name, self._fixed[name], "file")
        if name in self._stored:
            return self._stored[name]
        if name in DEFAULTS:
            return _of(name, DEFAULTS[name], "default")
        near = get_close_matches(name, self._names()) or self._names()
        raise NotFoundError(f"there is no scenario {name!r}: there is {', '.join(near)}")

    def shares(self, name: str) -> dict[str, float]:
        """Return the shares of the variants of a scenario; none for one that there is not."""
        try:
            return {variant.name: variant.share for variant in self.get(name).variants}
        except NotFoundError:
            return {}

    async def variants_so_far(self) -> dict[str, frozenset[str]]:
        """Return the names of the variants of every scenario that there is or was, by its name.

        Raises
        ------
        DatabaseError
            The database cannot be read.
        """
        found: dict[str, set[str]] = {}
        stored = [_scenario(version) for version in await self._store.all()]
        for one in (*self.all(), *stored):
            if one is not None:
                found.setdefault(one.name, set()).update(variant.name for variant in one.variants)
        return {name: frozenset(variants) for name, variants in found.items()}

    def all(self) -> list[Scenario]:
        """Return all scenarios, ordered by name."""
        return [self.get(name) for name in self._names()]

    def tried(self, name: str, definition: ScenarioIn) -> Scenario:
        """Return a scenario with another definition, to try it."""
        return _of(name, definition, "api")

    def checked(self, name: str, definition: ScenarioIn) -> Scenario:
        """Return a scenario as it would be stored.

        Raises
        ------
        ScenarioFixedError
            The scenario is in the file.
        """
        self._require_free(name)
        return self.tried(name, definition)

    async def put(self, name: str, definition: ScenarioIn) -> tuple[Scenario, bool]:
        """Store a new version of a scenario and commit; return whether the name is new to the database.

        Raises
        ------
        ScenarioFixedError
            The scenario is in the file.
        """
        self._require_free(name)
        created = name not in self._stored
        stored = await self._store.put(name, definition.model_dump(mode="json", exclude_defaults=True, by_alias=True))
        found = _scenario(stored)
        assert found is not None, "what was just validated is valid"  # noqa: S101
        self._stored[name] = found
        return found, created

    async def delete(self, name: str) -> None:
        """Delete a stored scenario and commit; a built-in one of this name is in force again.

        Raises
        ------
        ScenarioFixedError
            The scenario is in the file.
        NotFoundError
            None is stored under this name.
        """
        self._require_free(name)
        if name not in self._stored:
            raise NotFoundError(f"no scenario {name!r} is stored")
        await self._store.put(name, None)
        self._stored.pop(name, None)

    async def versions(self, name: str) -> list[Scenario]:
        """Return what was stored under a name, newest first, without deletions.

        Raises
        ------
        NotFoundError
            Nothing was.
        """
        found = [one for stored in await self._store.versions(name) if (one := _scenario(stored)) is not None]
        if not found:
            raise NotFoundError(f"no scenario {name!r} is stored")
        return found

    async def history(self, name: str) -> list[HistoryEntry]:
        """Return what was stored and deleted under a name, newest first, each with what it changed.

        Raises
        ------
        DatabaseError
            The database cannot be read.
        """
        stored = await self._store.versions(name)
        read = [
            (one.version, from_microseconds(one.changed_at), one.definition is None, _scenario(one)) for one in stored
        ]
        return with_changes(read, DEFAULTS.get(name))

    async def restore(self, name: str, version: int) -> Scenario:
        """Store an earlier version of a scenario once more, as the newest one, and commit.

        Raises
        ------
        ScenarioFixedError
            The scenario is in the file.
        NotFoundError
            There is no such version.
        """
        for entry in await self.history(name):
            if entry.version == version and entry.scenario is not None:
                given = {field: getattr(entry.scenario, field) for field in ScenarioIn.model_fields}
                return (await self.put(name, ScenarioIn.model_construct(**given)))[0]
        raise NotFoundError(f"there is no version {version} of the scenario {name!r} to go back to")

    def is_fixed(self, name: str) -> bool:
        """Return whether the file defines a scenario, so that it cannot be changed."""
        return name in self._fixed

    def is_built_in(self, name: str) -> bool:
        """Return whether a scenario is there without anybody having defined it."""
        return name in DEFAULTS

    def _names(self) -> list[str]:
        return sorted({*self._fixed, *self._stored, *DEFAULTS})

    def _require_free(self, name: str) -> None:
        if name in self._fixed and self._file is not None:
            raise ScenarioFixedError(
                f"BRAID_SCENARIOS defines {name!r} in {self._file.name}: change that file and start again"
            )


def _scenario(stored: StoredScenario) -> Scenario | None:
    """Read a stored scenario; None for a deletion, and for one that this version does not understand."""
    if stored.definition is None:
        return None
    try:
        return Scenario.model_validate(
            {
                **stored.definition,
                "name": stored.name,
                "version": stored.version,
                "source": "api",
                "changed_at": from_microseconds(stored.changed_at),
            }
        )
    except ValidationError as error:
        _log.error("scenario not usable", scenario=stored.name, reason=error.errors()[0]["msg"])
        return None


def _of(name: str, definition: ScenarioIn, source: Literal["api", "file", "default"]) -> Scenario:
    given = {field: getattr(definition, field) for field in ScenarioIn.model_fields}
    return Scenario.model_construct(**given, name=name, version=0, source=source, changed_at=None)
