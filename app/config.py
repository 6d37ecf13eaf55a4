"""Settings, from `BRAID_*` environment variables and from `.env`."""

import json
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableError
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.schedules import parse_schedule
from models.data.events import EVENT_WEIGHTS, EventTypes
from models.ranking.config import NetworkConfig

PREFIX = "BRAID_"
_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the text names its variable."""


class Settings(BaseSettings):
    """All settings of the service; each is the environment variable `BRAID_` and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore")

    database_url: str = Field(
        "sqlite+aiosqlite:///var/braid.sqlite3",
        description="Where the log and the catalogue are: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.",
    )
    database_pool: int = Field(
        10, ge=2, le=1000, description="Connections to the database that each process keeps, at most."
    )
    statement_timeout_ms: int = Field(
        30_000,
        ge=100,
        description="Milliseconds that a statement may take on PostgreSQL; imports and training may take longer.",
    )
    bundles: str = Field(
        "var/bundles",
        description="Folder of the bundles and of the active one's name, or its URL: `file://`, `s3://` or `gs://`.",
    )
    bundle_cache: Path = Field(
        Path("var/bundle-cache"), description="Folder of the copies of bundles that are kept under a URL."
    )
    keep_bundles: int = Field(5, ge=1, description="Newest bundles that are kept; the active one is, whatever its age.")
    training_schedule: str = Field(
        "0 3 * * *",
        description="When `braid worker` trains by itself: a cron expression (UTC), minutes between runs, or `off`.",
    )
    training_threshold: int | None = Field(
        None, ge=1, description="New interactions after which `braid worker` trains by itself; never by default."
    )
    training_threads: int | None = Field(
        None, ge=1, description="Threads of a training run of `braid worker`; by default one less than there are cores."
    )
    training_memory_mb: int | None = Field(
        None, ge=512, description="Megabytes that such a run may take; by default three quarters of the machine's."
    )
    imports: Path = Field(
        Path("var/imports"), description="Folder of data sets that were uploaded, until they are imported."
    )
    host: str = Field("127.0.0.1", description="Address that `braid serve` listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port that `braid serve` listens on.")
    workers: int = Field(1, ge=1, le=256, description="Processes that `braid serve` starts.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe log lines that are written; `debug` adds a line for each request."
    )
    deadline_ms: int = Field(
        100, ge=1, description="Milliseconds after which a recommendation goes without the network, and says so."
    )
    history_cache_mb: int = Field(
        64, ge=0, description="Megabytes of users' histories that each process keeps in memory, about."
    )
    new_item_share: float = Field(
        0.0, ge=0, le=0.5, description="Share of each list that is kept for items nobody has had yet; 0 keeps none."
    )
    retention_days: int | None = Field(
        None, ge=1, description="Days after which interactions are dropped, by their own time; none are by default."
    )
    create_unknown: bool = Field(
        True,
        description="Whether users and items that nobody has described are created when an interaction names them;"
        " `false` refuses such interactions.",
    )
    event_types: EventTypes = Field(
        EVENT_WEIGHTS,
        validate_default=True,
        description="Weight of each event type, as JSON: above 0 interest, below 0 its opposite, 0 no evidence; or an"
        " object with `weight`, `feedback` and `half_life_days`. What is left out keeps its default.",
    )
    allow_unknown_event_types: bool = Field(
        False, description="Whether interactions of other event types are stored, as no evidence, or refused."
    )
    network: NetworkConfig = Field(
        NetworkConfig(),
        description="The network, as JSON: `layers`, `activation`, `loss`, `optimizer`, `learning_rate`, `batch_lists`,"
        " `epochs`, `members`, `patience`; what is left out keeps its default.",
    )

    def as_environment(self) -> dict[str, str]:
        """Give the settings as environment variables, for a process that is to have the same."""
        return {
            PREFIX + name.upper(): value if isinstance(value, str) else json.dumps(value)
            for name, value in self.model_dump(mode="json").items()
            if value is not None
        }

    @field_validator("bundles")
    @classmethod
    def _place(cls, value: str) -> str:
        parts = urlsplit(value)
        if "://" in value and parts.scheme not in {"file", "s3", "gs"}:
            raise ValueError(f"{value!r} is neither a folder nor a URL of file://, s3:// or gs://")
        if parts.scheme in {"s3", "gs"} and not parts.netloc:
            raise ValueError(f"{value!r} names no bucket: {parts.scheme}://bucket/folder")
        if value.startswith("file://") and parts.netloc:
            raise ValueError(f"{value!r} names a host: a folder is file:///folder")
        return value

    @field_validator("training_schedule")
    @classmethod
    def _readable_schedule(cls, value: str) -> str:
        parse_schedule(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        try:
            url = make_url(value)
        except ArgumentError as error:
            raise ValueError("is not a database URL") from error
        if url.drivername not in _DRIVERS:
            raise ValueError(f"{url.drivername!r} is neither SQLite nor PostgreSQL")
        options = {"ssl" if name == "sslmode" else name: text for name, text in url.query.items()}
        unknown = sorted(set(options) - (set() if url.drivername.startswith("sqlite") else {"ssl"}))
        if unknown:
            raise ValueError(f"has an option that Braid does not know: {unknown[0]}")
        return url.set(drivername=_DRIVERS[url.drivername], query=options).render_as_string(hide_password=False)


def load_settings() -> Settings:
    """Read the settings.

    Raises
    ------
    SettingsError
        A value cannot be used; the text names the variable.
    """
    try:
        return Settings()
    except UnicodeDecodeError as error:
        raise SettingsError(f".env: is not UTF-8: {error.reason}") from error
    except UnreadableError as error:
        # The library names the field in its message only; two fields are JSON, and one of them is meant.
        field = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), None)
        raise SettingsError(f"{PREFIX}{field.upper()}: is not JSON" if field else str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        given = "" if name == f"{PREFIX}DATABASE_URL" else f" (given: {first['input']!r})"
        raise SettingsError(f"{name}: {first['msg'].removeprefix('Value error, ')}{given}") from error
