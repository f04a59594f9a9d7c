"""What a client may send."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.settings.about import About


class InputSettings(BaseSettings):
    """What a client may send. The reasons for the values are in docs/security.md."""

    model_config = SettingsConfigDict(defer_build=True)

    max_frame_rate: Annotated[
        float,
        Field(ge=1, allow_inf_nan=False),
        About(
            "The WebSocket frames that a connection may send, ten seconds of it at once; a message counts as four. "
            "Past it, it is closed.",
            "a number of at least 1",
            "frames/s",
        ),
    ] = 200
    max_byte_rate: Annotated[
        float,
        Field(ge=1024, allow_inf_nan=False),
        About(
            "The bytes that a connection may send, ten seconds of it or 11 requests of the largest size at once. "
            "Past it, it is closed.",
            "a number of at least 1024",
            "bytes/s",
        ),
    ] = 2_097_152
    message_stall_timeout: Annotated[
        float,
        Field(ge=1, allow_inf_nan=False),
        About(
            "The time without progress after which a connection whose message is unfinished is closed.",
            "a number of at least 1",
            "s",
        ),
    ] = 10
    message_timeout: Annotated[
        float,
        Field(ge=1, allow_inf_nan=False),
        About("The time that a message may take to arrive.", "a number of at least 1", "s"),
    ] = 60
    input_memory: Annotated[
        int | None,
        Field(ge=1_048_576),
        About(
            "The memory of each process for unfinished messages and waiting requests; past it, connections that hold "
            "most are closed. If empty, an eighth of the memory limit, divided by the workers; without a limit 64 MiB.",
            "a whole number of at least 1048576",
            "bytes",
        ),
    ] = None
