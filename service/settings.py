"""The settings: one frozen object, read from the environment and from ``.env`` when the process starts.

Each field declares its default, its effect, the allowed values and the unit. docs/configuration.md and ``.env.example``
are checked against this file.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Struct
from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.content import ContentRules
from service.content.html.policy import POLICIES, PolicyName
from service.content.html.urls import HostList, HostListError
from service.content.rules import REASONING_TAGS
from service.protocol.limits import Limits
from service.setting_values import checked_by, lower_case, read_dsn, read_origins, read_tags, server_url, upper_case

_SECRETS = frozenset({"metrics_token", "sentry_dsn", "redis_url", "database_url"})


class About(Struct, frozen=True):
    """The documentation of a setting."""

    effect: str
    allowed: str
    unit: str = ""


class Settings(BaseSettings):
    """The settings of the service. The environment variable is the name of the field in capitals."""

    model_config = SettingsConfigDict(frozen=True, env_file=".env", env_ignore_empty=True, extra="ignore")

    port: Annotated[
        int,
        Field(ge=0, le=65_535),
        About("The port to listen on; 0 selects a free port. Hosting platforms set it.", "a port from 0 to 65535"),
    ] = 8000
    host: Annotated[str, Field(min_length=1), About("The address to listen on.", "an address of this machine")] = (
        "0.0.0.0"  # noqa: S104 - a container is reached from outside
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(upper_case),
        About("The lowest level that is logged.", "DEBUG, INFO, WARNING or ERROR"),
    ] = "INFO"
    max_workers: Annotated[
        int,
        Field(ge=1, le=64),
        About(
            "The number of worker processes. They share sessions, streams and metrics.", "a whole number from 1 to 64"
        ),
    ] = 1
    log_format: Annotated[
        Literal["auto", "json", "text"],
        BeforeValidator(lower_case),
        About(
            "The format of log lines; auto is text on a terminal, and one JSON object per line elsewhere.",
            "auto, json or text",
        ),
    ] = "auto"
    railway_environment: Annotated[
        str, About("The name of the environment, set by Railway; shown in the log and in /health.", "any name")
    ] = ""
    allowed_origins: Annotated[
        str,
        checked_by(read_origins),
        About(
            "The origins of web pages that may use the service, for CORS and the handshake; * allows all.",
            "* or a comma-separated list of origins such as https://app.example.com",
        ),
    ] = "*"
    max_requests_per_session: Annotated[
        int,
        Field(ge=1),
        About("The request limit of a session; a warning is logged at 80 %.", "a whole number of at least 1"),
    ] = 100
    max_session_duration: Annotated[
        float,
        Field(gt=0, le=31_536_000, allow_inf_nan=False),
        About("The duration of a session from its first connection.", "a number over 0 and up to 31536000", "s"),
    ] = 3600
    idle_timeout: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False),
        About(
            "The time after which a connection without messages and without an active stream is closed.",
            "a number over 0",
            "s",
        ),
    ] = 300
    max_content_size: Annotated[
        int,
        Field(ge=1, le=10_000_000),
        About("The maximum size of the content of a request, in UTF-8.", "a whole number from 1 to 10000000", "bytes"),
    ] = 100_000
    processor_max_content_size: Annotated[
        int,
        Field(ge=1),
        About("The maximum size of the content after conversion.", "a whole number of at least 1", "characters"),
    ] = 1_000_000
    max_chunk_size: Annotated[
        int,
        Field(ge=16),
        About(
            "The maximum size of a chunk; an HTML element that cannot be split may exceed it.",
            "a whole number of at least 16",
            "characters",
        ),
    ] = 1000
    content_policy: Annotated[
        PolicyName,
        BeforeValidator(lower_case),
        About(
            "The HTML that content may contain: editor keeps what editors write, page is stricter.",
            "editor or page",
        ),
    ] = PolicyName.EDITOR
    image_hosts: Annotated[
        str,
        checked_by(HostList.parse),
        About(
            "The hosts from which content may load images; * allows all. Without it, the author of a document, or of a "
            "text that a language model has read, can have the reader's browser send data to any host.",
            "*, none, or a comma-separated list of hosts such as cdn.example.com, *.example.com or localhost:3000, of "
            "relative, and of data:",
        ),
    ] = "*"
    link_hosts: Annotated[
        str,
        checked_by(HostList.parse),
        About(
            "The hosts to which links may lead; * allows all. Links with mailto: and tel: are not affected.",
            "*, none, or a comma-separated list of hosts such as www.example.com, *.example.com or localhost:3000, and "
            "of relative",
        ),
    ] = "*"
    reasoning_tags: Annotated[
        str,
        checked_by(read_tags),
        About(
            "The tags in Markdown whose content is the reasoning of a language model and is removed.",
            "none, or a comma-separated list of names such as think",
        ),
    ] = ",".join(REASONING_TAGS)
    chunk_timeout: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False),
        About(
            "The time without progress after which the connection of a client that reads too slowly is closed.",
            "a number over 0",
            "s",
        ),
    ] = 5
    send_buffer_size: Annotated[
        int,
        Field(ge=4096, le=4_194_304),
        About(
            "The send buffer of a socket in the kernel; with a larger one a stalled client is noticed later.",
            "a whole number from 4096 to 4194304",
            "bytes",
        ),
    ] = 65_536
    max_connections: Annotated[
        int,
        Field(ge=1),
        About(
            "The maximum number of connections of a process; further ones are refused with OVER_CAPACITY.",
            "a whole number of at least 1",
        ),
    ] = 2000
    drain_seconds: Annotated[
        float,
        Field(ge=0, le=600, allow_inf_nan=False),
        About("The time that active streams have to finish after SIGTERM.", "a number from 0 to 600", "s"),
    ] = 5
    memory_limit: Annotated[
        int | None,
        Field(ge=1),
        About(
            "The memory limit of the service, for metrics and alerts; if empty, the limit of the container.",
            "a whole number of at least 1",
            "bytes",
        ),
    ] = None
    metrics_token: Annotated[
        SecretStr | None,
        Field(min_length=8),
        About("The bearer token that /metrics requires; if empty, it requires none.", "at least 8 characters"),
    ] = None
    metrics_port: Annotated[
        int | None,
        Field(ge=0, le=65_535),
        About(
            "The port on which only /metrics is served; 0 selects a free port. If empty, it is served on PORT.",
            "a port from 0 to 65535",
        ),
    ] = None
    metrics_dir: Annotated[
        Path | None,
        About("The directory in which workers share their metrics; if empty, metrics/ in DATA_DIR.", "a directory"),
    ] = None
    sentry_dsn: Annotated[
        SecretStr | None,
        checked_by(read_dsn),
        About(
            "The Sentry project to which faults are reported; if empty, they are not.",
            "the DSN of a Sentry project, like https://key@host/project-number",
        ),
    ] = None
    sentry_environment: Annotated[
        str, About("The environment in Sentry; if empty, RAILWAY_ENVIRONMENT, else production.", "any name")
    ] = ""
    sentry_release: Annotated[
        str, About("The release in Sentry; if empty, the version of the service.", "any name")
    ] = ""
    data_dir: Annotated[
        Path,
        About(
            "The directory for sessions and usage; if it is not writable, they are kept in memory.",
            "a directory",
        ),
    ] = Path("data")
    redis_url: Annotated[
        SecretStr | None,
        checked_by(server_url("redis", "rediss", "unix")),
        About(
            "The Redis server through which machines share sessions; if empty, a file in DATA_DIR is used.",
            "a Redis address, like redis://user:password@host:6379/0, or rediss:// or unix://",
        ),
    ] = None
    database_url: Annotated[
        SecretStr | None,
        checked_by(server_url("postgresql", "postgres")),
        About(
            "The PostgreSQL database to which usage is forwarded; if empty, it stays in a file in DATA_DIR.",
            "a PostgreSQL address, like postgresql://user:password@host/database",
        ),
    ] = None
    store_content: Annotated[
        bool,
        About(
            "Whether content may be stored, which the recovery of streams and the plan cache in Redis require.",
            "on or off",
        ),
    ] = True
    resume_ttl: Annotated[
        float,
        Field(gt=0, le=86_400, allow_inf_nan=False),
        About(
            "The time for which an interrupted or ended stream can be recovered; then its content is deleted.",
            "a number over 0 and up to 86400",
            "s",
        ),
    ] = 300
    cache_size: Annotated[
        int,
        Field(ge=0),
        About(
            "The size of the plan cache in the memory of each process; 0 disables it.",
            "a whole number of at least 0",
            "bytes",
        ),
    ] = 16_777_216
    usage_retention_days: Annotated[
        int,
        Field(ge=1, le=36_500),
        About("The retention period of usage.", "a whole number from 1 to 36500", "days"),
    ] = 90

    @property
    def origins(self) -> frozenset[str]:
        """The allowed origins one by one."""
        return read_origins(self.allowed_origins)

    @property
    def limits(self) -> Limits:
        """The limits of the protocol."""
        return Limits(
            max_requests=self.max_requests_per_session,
            max_session_seconds=self.max_session_duration,
            idle_timeout_seconds=self.idle_timeout,
            max_content_bytes=self.max_content_size,
            max_prepared_characters=self.processor_max_content_size,
            max_chunk_characters=self.max_chunk_size,
            chunk_timeout_seconds=self.chunk_timeout,
        )

    @property
    def content_rules(self) -> ContentRules:
        """What content may contain."""
        return ContentRules(
            policy=POLICIES[self.content_policy],
            image_hosts=HostList.parse(self.image_hosts),
            link_hosts=HostList.parse(self.link_hosts),
            reasoning_tags=read_tags(self.reasoning_tags),
        )

    def shown(self) -> dict[str, str]:
        """The settings in force by variable, for the log, with secrets masked."""
        return {name.upper(): _display(value) for name, value in self}


def about(name: str) -> About:
    """Return the documentation of a field of ``Settings``."""
    return next(note for note in Settings.model_fields[name].metadata if isinstance(note, About))


class SettingsError(Exception):
    """One sentence for each invalid variable, with its name, its value and the allowed values."""


def load_settings() -> Settings:
    """Read the settings. Raises ``SettingsError``."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_describe(one) for one in error.errors())) from None


def _describe(error: ErrorDetails) -> str:
    name = str(error["loc"][0])
    value = "..." if name in _SECRETS else repr(error["input"])
    advice = error.get("ctx", {}).get("error")
    end = f" {advice}" if isinstance(advice, HostListError) else ""
    return f"{name.upper()}={value} is not allowed: it must be {about(name).allowed}.{end}"


def _display(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, SecretStr):
        return "***"
    return "" if value is None else str(value)
