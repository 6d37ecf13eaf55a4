"""Settings, from `BRAID_*` environment variables and from `.env`."""

import json
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from dotenv import dotenv_values
from pydantic import AwareDatetime, Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import SettingsConfigDict

from app.access_settings import AccessSettings
from app.schedules import parse_schedule
from app.setting_names import PREFIX, is_injected, unknown_names
from app.setting_values import bundle_place, database_url
from models.data.events import EVENT_WEIGHTS, EventTypes
from models.data.goal import BETWEEN_GOALS, DeclaredGoals
from models.data.rating_scale import DeclaredScale
from models.data.schema import read_schema
from models.ranking.network_config import NetworkConfig
from models.ranking.rotation import RotationConfig

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Addresses that only processes of the same machine reach."""
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable with the folder where the processes of a server write their metrics; prometheus_client reads it."""
ENV_FILE = ".env"
_NOT_JSON: Literal["not_json"] = "not_json"

# The setting takes the name of a method that pydantic has deprecated.
warnings.filterwarnings("ignore", 'Field name "schema" in "Settings" shadows an attribute')


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the text names its variable."""


class Settings(AccessSettings):
    """All settings of the service; each is the environment variable `BRAID_` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_ignore_empty=True, extra="ignore", enable_decoding=False
    )

    database_url: str = Field(
        "sqlite+aiosqlite:///var/braid.sqlite3",
        description="URL of the database: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.",
    )
    database_pool: int = Field(10, ge=2, le=1000, description="Maximum number of database connections of each process.")
    statement_timeout_ms: int = Field(
        30_000,
        ge=100,
        description="Time limit of a statement on PostgreSQL, in milliseconds; imports and training have none.",
    )
    bundles: str = Field(
        "var/bundles",
        description="Folder of the bundles, or its URL: `file://`, `s3://` or `gs://`.",
    )
    bundle_cache: Path = Field(
        Path("var/bundle-cache"), description="Folder for local copies of bundles, if `BRAID_BUNDLES` is a URL."
    )
    keep_bundles: int = Field(
        5, ge=1, description="Number of newest bundles that are kept; the active bundle is always kept."
    )
    training_schedule: str = Field(
        "0 3 * * *",
        description="When `braid worker` trains by itself: a cron expression (UTC), minutes between runs, or `off`.",
    )
    training_threshold: int | None = Field(
        None,
        ge=1,
        description="Number of new interactions after which `braid worker` trains by itself; by default it does not.",
    )
    training_threads: int | None = Field(
        None, ge=1, description="Threads of a training run of `braid worker`; by default the number of cores minus one."
    )
    training_memory_mb: int | None = Field(
        None,
        ge=512,
        description="Memory limit of a training run of `braid worker`, in megabytes; by default three quarters of the"
        " machine's memory.",
    )
    schema: Path | None = Field(  # type: ignore[assignment]
        None,
        description="TOML file that declares attributes of items and users; by default what `PUT /schema` declared.",
    )
    scenarios: Path | None = Field(
        None, description="TOML or YAML file that defines scenarios; others are stored by `PUT /scenarios/{name}`."
    )
    explanations: Path | None = Field(
        None, description="TOML file of sentences of explanations: further languages, or other words."
    )
    imports: Path = Field(Path("var/imports"), description="Folder for uploaded data sets, until they are imported.")
    import_memory_mb: int = Field(
        1024, ge=256, description="Memory limit of the process that imports an upload, in megabytes."
    )
    host: str = Field("127.0.0.1", description="Address that `braid serve` listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port that `braid serve` listens on.")
    workers: int = Field(1, ge=1, le=256, description="Processes that `braid serve` starts.")
    worker_timeout: int = Field(
        60, ge=1, description="Seconds without a sign of life after which `braid serve` replaces one of its processes."
    )
    test_clock: AwareDatetime | None = Field(
        None,
        description="For tests: a time with an offset at which the clock of `braid serve` stands until a request moves"
        " it; refused unless `BRAID_HOST` is a loopback address.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Minimum severity of log lines; `debug` adds a line for each request."
    )
    log_format: Literal["auto", "json", "text"] = Field(
        "auto", description="Form of log lines; `auto` is `text` on a terminal and `json` elsewhere."
    )
    access_log: bool = Field(
        False, description="Whether there is a log line for each request, with its route in place of ids."
    )
    deadline_ms: int = Field(
        100, ge=1, description="Milliseconds after which a recommendation skips the network and is marked as degraded."
    )
    history_cache_mb: int = Field(
        64, ge=0, description="Approximate size of each process's in-memory cache of user histories, in megabytes."
    )
    new_item_share: float = Field(
        0.0, ge=0, le=0.5, description="Share of each list that is reserved for items without interactions."
    )
    retention_days: int | None = Field(
        None, ge=1, description="Days after which interactions are deleted, by their `timestamp`; by default never."
    )
    id_rule: Literal["strict", "utf8"] = Field(
        "strict",
        description="Which ids of users, items and events are accepted: `strict` takes letters, digits and a few signs,"
        " `utf8` any text without control characters.",
    )
    create_unknown: bool = Field(
        True,
        description="Whether an interaction creates users and items that do not exist yet; `false` refuses such"
        " interactions.",
    )
    event_types: EventTypes = Field(
        EVENT_WEIGHTS,
        validate_default=True,
        description="Weight of each event type, as JSON: above 0 for positive feedback, below 0 for negative feedback,"
        " 0 for none; or an object with `weight`, `feedback` and `half_life_days`. Event types that are not listed keep"
        " their defaults.",
    )
    allow_unknown_event_types: bool = Field(
        False, description="Whether interactions of other event types are stored, with weight 0, or refused."
    )
    rating_scale: DeclaredScale | None = Field(
        None,
        description="Lowest and highest rating, such as `1..5`, or `amounts` if the values of ratings are times played"
        " or pieces bought; by default the values in the log decide.",
    )
    goal: DeclaredGoals | None = Field(
        None,
        description="Event types that count as success, such as `purchase`, `purchase=1,cart=0.2`, `rating>=4` or"
        " `purchase:revenue`; by default the strongest one with at least 1,000 interactions of 200 users. With"
        " semicolons between them (`purchase;cart`) a bundle holds several, and a request names another than the"
        " first.",
    )
    visit_pause_minutes: float = Field(
        30.0, gt=0, description="Minutes without an interaction that end a user's visit, in training and evaluation."
    )
    rotation: float = Field(
        0.5,
        ge=0,
        le=1,
        description="How far an item sinks that a user was shown several times (interactions of type `shown`) and"
        " passed over, as a share of the range of the list's scores; 0 for none. A request can set its own.",
    )
    rotation_days: float = Field(
        3.0, gt=0, le=3650, description="Days after which a `shown` counts half for that: so an item recovers."
    )
    network: NetworkConfig = Field(
        NetworkConfig(),
        description="The network, as JSON: `layers`, `activation`, `loss`, `optimizer`, `learning_rate`, `batch_lists`,"
        " `epochs`, `members`, `patience`; fields that are not listed keep their defaults.",
    )

    @property
    def logs_requests(self) -> bool:
        """Whether there is a log line for each request."""
        return self.access_log or self.log_level == "debug"

    @property
    def goals(self) -> tuple[str, ...]:
        """The goals, the default one first; none where training chooses it."""
        return () if self.goal is None else tuple(self.goal.split(BETWEEN_GOALS))

    @property
    def rotates(self) -> RotationConfig:
        """How much rotation there is by default."""
        return RotationConfig(weight=self.rotation, half_life=self.rotation_days)

    def as_environment(self) -> dict[str, str]:
        """Return the settings as environment variables, for a process with the same settings."""
        return {
            PREFIX + name.upper(): value if isinstance(value, str) else json.dumps(value)
            for name, value in self.model_dump(mode="json").items()
            if value is not None
        }

    @field_validator("event_types", "network", mode="before")
    @classmethod
    def _decoded(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise PydanticCustomError(_NOT_JSON, "is not JSON") from error

    @field_validator("port", "metrics_port", mode="before")
    @classmethod
    def _no_address_of_a_service(cls, value: object, info: ValidationInfo) -> object:
        # Where a service in Kubernetes is called braid, or braid-metrics, the variable holds its address.
        name = str(info.field_name)
        injected = isinstance(value, str) and is_injected(PREFIX + name.upper(), value)
        return cls.model_fields[name].default if injected else value

    @field_validator("port")
    @classmethod
    def _another_port(cls, value: int, info: ValidationInfo) -> int:
        if value == info.data.get("metrics_port"):
            raise ValueError(f"must be another port than {PREFIX}METRICS_PORT")
        return value

    @field_validator("schema")
    @classmethod
    def _readable_schema(cls, value: Path | None) -> Path | None:
        if value is not None:
            read_schema(value)
        return value

    @field_validator("test_clock")
    @classmethod
    def _on_loopback(cls, value: AwareDatetime | None, info: ValidationInfo) -> AwareDatetime | None:
        host = info.data.get("host")
        if value is not None and host is not None and host not in LOOPBACK:
            raise ValueError(
                f"is for tests on this machine only: the server would listen on {host}, not on one of"
                f" {', '.join(LOOPBACK)}"
            )
        return value

    @field_validator("bundles")
    @classmethod
    def _place(cls, value: str) -> str:
        return bundle_place(value)

    @field_validator("training_schedule")
    @classmethod
    def _readable_schedule(cls, value: str) -> str:
        parse_schedule(value)
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        return database_url(value)


def load_settings(**given: Any) -> Settings:
    """Read the settings; `given` are those of the command line, which take precedence where they are not None.

    Raises
    ------
    SettingsError
        A value cannot be used, or there is no such setting; the text names the variable.
    """
    try:
        _require_known({**dotenv_values(ENV_FILE), **os.environ})
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except UnicodeDecodeError as error:
        raise SettingsError(f".env: is not UTF-8: {error.reason}") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        is_silent = name == f"{PREFIX}DATABASE_URL" or first["type"] == _NOT_JSON
        value = "" if is_silent else f" (given: {first['input']!r})"
        # What our own validators raise is there as it was raised.
        reason = first.get("ctx", {}).get("error", first["msg"])
        within = "".join(f"{part}: " for part in first["loc"][1:])
        if first["type"] == "extra_forbidden":
            value, reason = "", f"there is no such field; there are {', '.join(NetworkConfig.model_fields)}"
        raise SettingsError(f"{name}: {within}{reason}{value}") from error


def _require_known(variables: Mapping[str, str | None]) -> None:
    unknown = unknown_names(variables, [PREFIX + name.upper() for name in Settings.model_fields])
    for name, near in unknown.items():
        place = "" if name in os.environ else f"{ENV_FILE}: "
        hint = f"did you mean {near}?" if near else "docs/settings.md lists those that there are"
        raise SettingsError(f"{place}{name}: there is no such setting; {hint}")
