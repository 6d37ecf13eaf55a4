"""Writes the description of the HTTP interface: `make openapi`."""

import json
import os
import sys
from pathlib import Path
from unittest import mock


def current() -> str:
    """Return the document of this version with the default settings."""
    from app.config import Settings  # noqa: PLC0415 - the version of Braid that is installed
    from app.main import create_app  # noqa: PLC0415

    others = {name: value for name, value in os.environ.items() if not name.startswith("BRAID_")}
    with mock.patch.dict(os.environ, others, clear=True):
        settings = Settings(database_url="sqlite://", log_level="error", _env_file=None)  # type: ignore[call-arg]
        return json.dumps(create_app(settings).openapi(), indent=1, ensure_ascii=False) + "\n"


def write_openapi(path: Path) -> None:
    """Write the document of this version to a file."""
    path.write_text(current(), encoding="utf-8")


if __name__ == "__main__":
    write_openapi(Path(sys.argv[1]))
