"""The settings of who may send requests, and how many."""

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from app.setting_values import limit_storage, networks, rate_limit


class AccessSettings(BaseSettings):
    """Who may send requests, and how many; a part of `Settings`."""

    allow_open: bool = Field(
        False,
        description="Whether other machines may send requests while there is no API key.",
    )
    docs: bool = Field(
        True, description="Whether `/docs`, `/redoc`, `/guide` and `/openapi.json` are open without an API key."
    )
    metrics_port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="Port on which `braid serve` answers `GET /metrics`, without an API key, and nothing else; keep it"
        " inside your network. By default there is none.",
    )
    trusted_proxies: str | None = Field(
        None,
        description="Addresses or networks of the proxies in front, separated by commas: the address of a client is"
        " taken from the `X-Forwarded-For` of these alone; by default of none.",
    )
    rate_limit: str | None = Field(
        None,
        description="Requests that each secret key without a limit of its own may send, such as `600/minute`; by"
        " default any number.",
    )
    address_rate_limit: str = Field(
        "1200/minute",
        description="Requests that each address may send with publishable keys; as often it may try to sign in, or give"
        " a wrong key.",
    )
    rate_limit_storage: str = Field(
        "memory://",
        description="Where requests are counted: `memory://` in each process, or `redis://HOST:6379` for all servers"
        " together.",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: str | None) -> str | None:
        return value if value is None else networks(value)

    @field_validator("rate_limit", "address_rate_limit")
    @classmethod
    def _readable_limit(cls, value: str | None) -> str | None:
        return value if value is None else rate_limit(value)

    @field_validator("rate_limit_storage")
    @classmethod
    def _known_storage(cls, value: str) -> str:
        return limit_storage(value)
