"""How long requests wait for the preparation of their content."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.settings.about import About


class PreparationSettings(BaseSettings):
    """How long requests wait for the preparation of their content."""

    model_config = SettingsConfigDict(defer_build=True)

    content_wait_timeout: Annotated[
        float,
        Field(gt=0, le=600, allow_inf_nan=False),
        About(
            "The time for which a request waits until its content is prepared; then it is refused with SERVER_BUSY.",
            "a number over 0 and up to 600",
            "s",
        ),
    ] = 5
    content_queue_size: Annotated[
        int,
        Field(ge=1),
        About(
            "The maximum size of all content that waits to be prepared; beyond it, the client with the most waiting "
            "content is refused with SERVER_BUSY.",
            "a whole number of at least 1",
            "bytes",
        ),
    ] = 16_777_216
