"""The settings: one frozen object, read from the environment and from ``.env`` when the process starts.

Each field declares its default, its effect, the allowed values and the unit, in the module of its group.
docs/configuration.md and ``.env.example`` are made of them.
"""

import os

from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from service.client_address import TrustedProxies
from service.content import ContentRules
from service.content.html.policy import POLICIES
from service.content.html.urls import HostList, HostListError
from service.protocol.limits import BURST_SECONDS, QUEUE_LENGTH, InputLimits, Limits, Rate
from service.setting_values import read_origins, read_tags
from service.settings.about import About
from service.settings.access_settings import AccessSettings
from service.settings.content_settings import ContentSettings
from service.settings.input_settings import InputSettings
from service.settings.network_settings import NetworkSettings
from service.settings.preparation_settings import PreparationSettings
from service.settings.publishing_settings import PublishingSettings
from service.settings.session_settings import SessionSettings
from service.settings.telemetry_settings import TelemetrySettings

_ENV_FILE = ".env"
_CHECKED_PREFIXES = ("AUTH", "QUOTA")
_INPUT_MEMORY = 64 * 1024 * 1024
_FRAME_BYTES = 4096
"""A client may send its largest requests in frames of this size at once."""

_SECRETS = frozenset(
    {"auth_jwt_key", "metrics_token", "publish_token", "verify_secret", "sentry_dsn", "redis_url", "database_url"}
)


class Settings(
    TelemetrySettings,
    PreparationSettings,
    ContentSettings,
    SessionSettings,
    InputSettings,
    PublishingSettings,
    AccessSettings,
    NetworkSettings,
):  # the last group is first
    """The settings of the service. The environment variable is the name of the field in capitals."""

    model_config = SettingsConfigDict(
        frozen=True, env_file=_ENV_FILE, env_ignore_empty=True, extra="ignore", defer_build=False
    )

    @property
    def origins(self) -> frozenset[str]:
        """The allowed origins one by one."""
        return read_origins(self.allowed_origins)

    @property
    def proxies(self) -> TrustedProxies:
        """The proxies whose forwarded addresses are believed."""
        return TrustedProxies.parse(self.trusted_proxies)

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
            resume_seconds=self.resume_ttl,
        )

    @property
    def logs_content(self) -> bool:
        """Whether chunks are logged."""
        return self.log_content and self.log_level == "DEBUG"

    def input_limits(self, memory_limit: int | None) -> InputLimits:
        """What a client may send. ``memory_limit`` is that of the container in bytes, if it has one."""
        limits = self.limits
        eighth = _INPUT_MEMORY if memory_limit is None else memory_limit // 8 // self.max_workers
        requests = (QUEUE_LENGTH + 1) * limits.kept_message_bytes
        frames = requests // _FRAME_BYTES
        return InputLimits(
            max_message_bytes=limits.max_message_bytes,
            kept_message_bytes=limits.kept_message_bytes,
            frames=Rate(self.max_frame_rate, max(BURST_SECONDS * self.max_frame_rate, frames)),
            bytes=Rate(self.max_byte_rate, max(BURST_SECONDS * self.max_byte_rate, requests)),
            message_stall_seconds=self.message_stall_timeout,
            message_seconds=self.message_timeout,
            process_bytes=self.input_memory or max(eighth, limits.kept_message_bytes),
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
    """One sentence for each invalid variable, with its name, its value and the allowed values.

    If each is valid, one for what they contradict in.
    """


def load_settings() -> Settings:
    """Read the settings. Raises ``SettingsError``."""
    try:
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_describe(one) for one in error.errors())) from None


def unknown_variables() -> tuple[str, ...]:
    """The variables of the environment and of ``.env`` that begin with ``AUTH`` or ``QUOTA`` and are no setting.

    One that is misspelt would leave the service open without a word.
    """
    given = {**dotenv_values(_ENV_FILE), **os.environ}
    names = (name for name, value in given.items() if value and name.upper().startswith(_CHECKED_PREFIXES))
    return tuple(sorted(name for name in names if name.lower() not in Settings.model_fields))


def _describe(error: ErrorDetails) -> str:
    if not error["loc"]:  # several settings do not agree
        return str(error["ctx"]["error"])
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
