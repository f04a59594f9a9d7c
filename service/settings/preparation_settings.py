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
    content_cpu_limit: Annotated[
        float,
        Field(gt=0, le=3600, allow_inf_nan=False),
        About(
            "The processor time for the preparation of one large content; beyond it, the request fails with "
            "PROCESSING_ERROR. 100 KB take up to 1 s.",
            "a number over 0 and up to 3600",
            "s",
        ),
    ] = 5
    content_memory_limit: Annotated[
        int,
        Field(ge=33_554_432),
        About(
            "The memory of the process that prepares large content; a request that needs more fails with "
            "PROCESSING_ERROR. Content takes up to 60 times its size.",
            "a whole number of at least 33554432",
            "bytes",
        ),
    ] = 134_217_728
