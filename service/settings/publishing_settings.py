"""Who may write live streams, and how long they may be."""

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.setting_values import checked_by, read_bearer_secret
from service.settings.about import About


class PublishingSettings(BaseSettings):
    """Who may write live streams, and how long they may be."""

    model_config = SettingsConfigDict(defer_build=True)

    publish_token: Annotated[
        SecretStr | None,
        checked_by(read_bearer_secret),
        About(
            "With AUTH_MODE=none: the bearer token with which back ends write live streams; if empty, none can. With "
            "another mode, they need a token with the scope publish.",
            "at least 16 characters of A-Z a-z 0-9 - . _ ~ + / =, of which 8 are different, and no example such as "
            "change-me",
        ),
    ] = None
    live_max_size: Annotated[
        int,
        Field(ge=1024, le=10_000_000),
        About(
            "The maximum size of the source of a live stream, in UTF-8.",
            "a whole number from 1024 to 10000000",
            "bytes",
        ),
    ] = 1_048_576
