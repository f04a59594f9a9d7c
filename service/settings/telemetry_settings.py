"""Logs, metrics and fault reports."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.setting_values import checked_by, lower_case, read_dsn, upper_case
from service.settings.about import About


class TelemetrySettings(BaseSettings):
    """Logs, metrics and fault reports."""

    model_config = SettingsConfigDict(defer_build=True)

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(upper_case),
        About("The lowest level that is logged.", "DEBUG, INFO, WARNING or ERROR"),
    ] = "INFO"
    log_format: Annotated[
        Literal["auto", "json", "text"],
        BeforeValidator(lower_case),
        About(
            "The format of log lines; auto is text on a terminal, and one JSON object per line elsewhere.",
            "auto, json or text",
        ),
    ] = "auto"
    log_content: Annotated[
        bool,
        About(
            "Whether the log contains the content of chunks at LOG_LEVEL=DEBUG. Not for production: docs/security.md.",
            "on or off",
        ),
    ] = False
    client_reports: Annotated[
        bool,
        About(
            "Whether what clients report to have measured of their streams (client_report) is in the metrics.",
            "on or off",
        ),
    ] = False
    railway_environment: Annotated[
        str, About("The name of the environment, set by Railway; shown in the log and in /health.", "any name")
    ] = ""
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
        About(
            "The directory of the sockets over which workers share their metrics; if empty, metrics/ in DATA_DIR.",
            "a directory",
        ),
    ] = None
    worker_hung_seconds: Annotated[
        float,
        Field(ge=1, le=3600, allow_inf_nan=False),
        About(
            "With several workers: the time after which one whose event loop does not run is killed and replaced.",
            "a number from 1 to 3600",
            "s",
        ),
    ] = 30
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
