"""The limits of sessions, and where sessions, streams and usage are kept."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.setting_values import checked_by, read_bearer_secret, server_url
from service.settings.about import About


class SessionSettings(BaseSettings):
    """The limits of sessions, and where sessions, streams and usage are kept."""

    model_config = SettingsConfigDict(defer_build=True)

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
            "Whether content may be stored, which the recovery of streams and the plan cache in Redis require. Without "
            "it, a live stream is in the memory of one process: only there it has readers and can be adopted.",
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
    store_max_bytes: Annotated[
        int,
        Field(ge=2**20),
        About(
            "The size up to which the session store grows, and that of live streams. A session that uses more than its "
            "share of what is left has streams that cannot be recovered.",
            "a whole number of at least 1048576",
            "bytes",
        ),
    ] = 1_073_741_824
    store_max_sessions: Annotated[
        int,
        Field(ge=1),
        About(
            "The number of sessions that the session store keeps. Sessions without a request make room for new ones; "
            "without any, a new session is counted in its process and its streams cannot be recovered.",
            "a whole number of at least 1",
        ),
    ] = 250_000
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
    verify_secret: Annotated[
        SecretStr | None,
        checked_by(read_bearer_secret),
        About(
            "The secret with which the command verify makes sessions that usage leaves out; if empty, it counts them.",
            "at least 16 characters of A-Z a-z 0-9 - . _ ~ + / =, of which 8 are different, and no example such as "
            "change-me",
        ),
    ] = None
