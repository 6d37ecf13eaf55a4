"""Scenarios in a file: TOML or YAML, one table for each scenario by its name."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from app.command_errors import ScenarioFileError
from app.schemas.scenario_definitions import Name, ScenarioIn

MAX_BYTES = 1_000_000
_SCENARIOS: TypeAdapter[dict[str, ScenarioIn]] = TypeAdapter(dict[Name, ScenarioIn])
_YAML = {".yaml", ".yml"}


def read_scenarios(path: Path) -> dict[str, ScenarioIn]:
    """Read the scenarios of a file.

    Raises
    ------
    ScenarioFileError
        It is missing, is neither TOML nor YAML, or defines what is no scenario; the text is one line that names the
        file and the place.
    """
    try:
        text = path.read_bytes()
        if len(text) > MAX_BYTES:
            raise ScenarioFileError(f"{path}: is longer than {MAX_BYTES:,} bytes")
        found = _parsed(path, text.decode())
    except OSError as error:
        raise ScenarioFileError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ScenarioFileError(f"{path}: is not UTF-8") from error
    if not isinstance(found, Mapping):
        raise ScenarioFileError(f"{path}: must have a table for each scenario, by its name")
    try:
        return _SCENARIOS.validate_python(dict(found))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"] if part != "[key]")
        raise ScenarioFileError(f"{path}: {place}: {first['msg']}") from error


def _parsed(path: Path, text: str) -> Any:
    if path.suffix.lower() in _YAML:
        try:
            return yaml.safe_load(text) or {}
        except yaml.YAMLError as error:
            raise ScenarioFileError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ScenarioFileError(f"{path}: is not TOML: {error}") from error
