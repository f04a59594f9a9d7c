"""The settings: one frozen object, read from the environment (and ``.env``) when the process starts.

Each field says its default, what it does, what is allowed and its unit; the README's table and ``.env.example`` are
checked against this file.
"""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Struct
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.protocol.limits import Limits

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-_\[\]:]+")


_SECRETS = frozenset({"metrics_token", "sentry_dsn", "redis_url", "database_url"})


class About(Struct, frozen=True):
    """What a person needs to know of a setting."""

    effect: str
    allowed: str
    unit: str = ""


class Settings(BaseSettings):
    """What an operator may change. The environment variable is the field's name in capitals."""

    model_config = SettingsConfigDict(frozen=True, env_file=".env", env_ignore_empty=True, extra="ignore")

    port: Annotated[
        int,
        Field(ge=0, le=65_535),
        About("Where to listen; platforms set it. 0 takes a free port.", "a port from 0 to 65535"),
    ] = 8000
    host: Annotated[str, Field(min_length=1), About("The address to listen on.", "an address of this machine")] = (
        "0.0.0.0"  # noqa: S104 - a container is reached from outside
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        About("The least level that is logged.", "DEBUG, INFO, WARNING or ERROR"),
    ] = "INFO"
    max_workers: Annotated[
        int,
        Field(ge=1, le=64),
        About("Processes that serve; they share sessions, streams and numbers.", "a whole number from 1 to 64"),
    ] = 1
    log_format: Annotated[
        Literal["auto", "json", "text"],
        About(
            "How log lines look; auto: text for people on a terminal, one JSON object a line elsewhere.",
            "auto, json or text",
        ),
    ] = "auto"
    railway_environment: Annotated[str, About("Set by Railway; shown in the log and in /health.", "any name")] = ""
    allowed_origins: Annotated[
        str,
        About(
            "Web pages that may use the service, for CORS and the socket's Origin alike; * for all.",
            "* or a comma-separated list of origins such as https://app.example.com",
        ),
    ] = "*"
    max_requests_per_session: Annotated[
        int,
        Field(ge=1),
        About("Requests a session may make; a warning is logged at 80 %.", "a whole number of at least 1"),
    ] = 100
    max_session_duration: Annotated[
        float,
        Field(gt=0, le=31_536_000, allow_inf_nan=False),
        About("How long a session lasts from its first connection.", "a number over 0 and up to 31536000", "s"),
    ] = 3600
    idle_timeout: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False),
        About("How long a connection may be silent while nothing streams.", "a number over 0", "s"),
    ] = 300
    max_content_size: Annotated[
        int,
        Field(ge=1, le=10_000_000),
        About("The largest content of one request, in UTF-8.", "a whole number from 1 to 10000000", "bytes"),
    ] = 100_000
    processor_max_content_size: Annotated[
        int,
        Field(ge=1),
        About("The largest content after conversion.", "a whole number of at least 1", "characters"),
    ] = 1_000_000
    max_chunk_size: Annotated[
        int,
        Field(ge=16),
        About(
            "The largest chunk: hard for text, soft for an HTML element that cannot be cut.",
            "a whole number of at least 16",
            "characters",
        ),
    ] = 1000
    chunk_timeout: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False),
        About("How long a client may take no data before it is cut.", "a number over 0", "s"),
    ] = 5
    send_buffer_size: Annotated[
        int,
        Field(ge=4096, le=4_194_304),
        About(
            "The kernel's send buffer of a socket; a larger one hides a stalled client for longer.",
            "a whole number from 4096 to 4194304",
            "bytes",
        ),
    ] = 65_536
    max_connections: Annotated[
        int,
        Field(ge=1),
        About("Sockets that one process serves; the next gets OVER_CAPACITY.", "a whole number of at least 1"),
    ] = 2000
    drain_seconds: Annotated[
        float,
        Field(ge=0, le=600, allow_inf_nan=False),
        About("How long running streams may go on after SIGTERM.", "a number from 0 to 600", "s"),
    ] = 5
    memory_limit: Annotated[
        int | None,
        Field(ge=1),
        About(
            "The memory that the service may use, for metrics and alerts; if empty, the container's limit.",
            "a whole number of at least 1",
            "bytes",
        ),
    ] = None
    metrics_token: Annotated[
        SecretStr | None,
        Field(min_length=8),
        About("What a scraper must show as its bearer token; if empty, /metrics is open.", "at least 8 characters"),
    ] = None
    metrics_port: Annotated[
        int | None,
        Field(ge=0, le=65_535),
        About("If set, /metrics is served on this port alone. 0 takes a free port.", "a port from 0 to 65535"),
    ] = None
    metrics_dir: Annotated[
        Path | None,
        About("Where several workers share their numbers; if empty, metrics/ in DATA_DIR.", "a directory"),
    ] = None
    sentry_dsn: Annotated[
        SecretStr | None,
        About(
            "Where faults are reported; if empty, nowhere.",
            "the DSN of a Sentry project, like https://key@host/project-number",
        ),
    ] = None
    sentry_environment: Annotated[
        str, About("The environment that Sentry shows; if empty, RAILWAY_ENVIRONMENT, else production.", "any name")
    ] = ""
    sentry_release: Annotated[
        str, About("The release that Sentry shows; if empty, the service's version.", "any name")
    ] = ""
    data_dir: Annotated[
        Path,
        About(
            "Where the service keeps its files; if it cannot be written, they are kept in memory, with a loud line.",
            "a directory",
        ),
    ] = Path("data")
    redis_url: Annotated[
        SecretStr | None,
        About(
            "Where several machines share sessions and streams; if empty, a file in DATA_DIR is shared by one machine.",
            "a Redis address, like redis://user:password@host:6379/0, or rediss:// or unix://",
        ),
    ] = None
    database_url: Annotated[
        SecretStr | None,
        About(
            "The PostgreSQL that usage goes to; if empty, it stays in a file in DATA_DIR.",
            "a PostgreSQL address, like postgresql://user:password@host/database",
        ),
    ] = None
    store_content: Annotated[
        bool,
        About(
            "Whether content may be stored, so that a stream can be recovered, and a plan be found again in Redis.",
            "on or off",
        ),
    ] = True
    resume_ttl: Annotated[
        float,
        Field(gt=0, le=86_400, allow_inf_nan=False),
        About(
            "How long a stream can be recovered after it broke off or ended; its content is deleted then.",
            "a number over 0 and up to 86400",
            "s",
        ),
    ] = 300
    cache_size: Annotated[
        int,
        Field(ge=0),
        About(
            "The memory for plans of content that may come again, in each process; 0 keeps none.",
            "a whole number of at least 0",
            "bytes",
        ),
    ] = 16_777_216
    usage_retention_days: Annotated[
        int,
        Field(ge=1, le=36_500),
        About("How long usage is kept.", "a whole number from 1 to 36500", "days"),
    ] = 90

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @field_validator("log_format", mode="before")
    @classmethod
    def _any_case_below(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("allowed_origins")
    @classmethod
    def _well_formed(cls, value: str) -> str:
        for origin in _listed(value):
            if origin != "*" and _ORIGIN.fullmatch(origin) is None:
                raise ValueError(origin)
        return value

    @field_validator("redis_url")
    @classmethod
    def _names_a_redis(cls, value: SecretStr | None) -> SecretStr | None:
        return _address(value, ("redis", "rediss", "unix"))

    @field_validator("database_url")
    @classmethod
    def _names_a_database(cls, value: SecretStr | None) -> SecretStr | None:
        return _address(value, ("postgresql", "postgres"))

    @field_validator("sentry_dsn")
    @classmethod
    def _names_a_project(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parts = urlsplit(value.get_secret_value())
            project = parts.path.rpartition("/")[2]
            if parts.scheme not in ("http", "https") or not (parts.username and parts.hostname and project.isdecimal()):
                raise ValueError
            _ = parts.port  # raises for a port that cannot be
        return value

    @property
    def origins(self) -> frozenset[str]:
        """The allowed origins one by one."""
        return frozenset(_listed(self.allowed_origins))

    @property
    def limits(self) -> Limits:
        """What of this the core needs."""
        return Limits(
            max_requests=self.max_requests_per_session,
            max_session_seconds=self.max_session_duration,
            idle_timeout_seconds=self.idle_timeout,
            max_content_bytes=self.max_content_size,
            max_prepared_characters=self.processor_max_content_size,
            max_chunk_characters=self.max_chunk_size,
            chunk_timeout_seconds=self.chunk_timeout,
        )

    def shown(self) -> dict[str, str]:
        """The settings in force by variable, fit for a log: secrets are masked."""
        return {name.upper(): _shown(value) for name, value in self}


def about(name: str) -> About:
    """What there is to know of a field of ``Settings``."""
    return next(note for note in Settings.model_fields[name].metadata if isinstance(note, About))


class SettingsError(Exception):
    """One sentence for each variable that is wrong: its name, its value and what is allowed."""


def load_settings() -> Settings:
    """The settings in force. Raises ``SettingsError``."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_sentence(one) for one in error.errors())) from None


def _sentence(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    value = "..." if name in _SECRETS else repr(error["input"])
    return f"{name.upper()}={value} is not allowed: it must be {about(name).allowed}."


def _address(value: SecretStr | None, schemes: tuple[str, ...]) -> SecretStr | None:
    if value is not None:
        parts = urlsplit(value.get_secret_value())
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError
        _ = parts.port  # raises for a port that cannot be
    return value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, SecretStr):
        return "***"
    return "" if value is None else str(value)


def _listed(origins: str) -> list[str]:
    return [origin.strip().rstrip("/") for origin in origins.split(",")]
