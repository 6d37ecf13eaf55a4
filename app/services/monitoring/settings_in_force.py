"""The settings of this process, as people may see them: their values without secrets, and where they come from."""

import os
import re
from typing import Literal, NamedTuple

from dotenv import dotenv_values

from app.config import ENV_FILE, Settings
from app.setting_names import PREFIX

Origin = Literal["default", "environment", ".env"]
_OF_THE_COMMAND = {"host", "port", "workers"}
"""`braid serve` hands them to its processes in the environment, whoever has set them."""
_IN_URL = re.compile(r"(//[^:/@\s]*):[^@/\s]*@")
_IN_QUERY = re.compile(r"([?&][^=&\s]*(?:password|secret|token|key)[^=&\s]*=)[^&\s]*", re.IGNORECASE)
_HIDDEN = r"\1***"


class SettingInForce(NamedTuple):
    """A setting: its variable, its value without secrets, where the value comes from, and what it is for."""

    name: str
    value: str
    origin: Origin
    description: str


def settings_in_force(settings: Settings) -> list[SettingInForce]:
    """List all settings, in their order."""
    given, in_file = settings.as_environment(), dotenv_values(ENV_FILE)
    found = []
    for name, field in Settings.model_fields.items():
        variable = PREFIX + name.upper()
        origin: Origin = "default"
        if variable in os.environ and not (name in _OF_THE_COMMAND and getattr(settings, name) == field.default):
            origin = "environment"
        elif variable in in_file and variable not in os.environ:
            origin = ".env"
        found.append(SettingInForce(variable, masked(given.get(variable, "")), origin, field.description or ""))
    return found


def masked(value: str) -> str:
    """Return a value without the passwords that URLs may hold."""
    return _IN_QUERY.sub(_HIDDEN, _IN_URL.sub(r"\1:***@", value))
