"""Where the service listens, and which clients it serves."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.client_address import TrustedProxies
from service.setting_values import checked_by, read_origins
from service.settings.about import About


class NetworkSettings(BaseSettings):
    """Where the service listens, and which clients it serves."""

    model_config = SettingsConfigDict(defer_build=True)

    port: Annotated[
        int,
        Field(ge=0, le=65_535),
        About("The port to listen on; 0 selects a free port. Hosting platforms set it.", "a port from 0 to 65535"),
    ] = 8000
    host: Annotated[str, Field(min_length=1), About("The address to listen on.", "an address of this machine")] = (
        "0.0.0.0"  # noqa: S104 - a container is reached from outside
    )
    max_workers: Annotated[
        int,
        Field(ge=1, le=64),
        About(
            "The number of worker processes. They share sessions, streams and metrics.", "a whole number from 1 to 64"
        ),
    ] = 1
    allowed_origins: Annotated[
        str,
        checked_by(read_origins),
        About(
            "The origins of web pages that may use the service, for CORS and the handshake; * allows all.",
            "* or a comma-separated list of origins such as https://app.example.com",
        ),
    ] = "*"
    trusted_proxies: Annotated[
        str,
        checked_by(TrustedProxies.parse),
        About(
            "The networks of the proxies whose X-Forwarded-For names the client, for limits by address; if empty, the "
            "client is the TCP peer.",
            "a comma-separated list of networks such as 10.0.0.0/8 or 2001:db8::/32",
        ),
    ] = ""
    max_connections: Annotated[
        int,
        Field(ge=1),
        About(
            "The maximum number of connections of a process; further ones are refused with OVER_CAPACITY.",
            "a whole number of at least 1",
        ),
    ] = 2000
    max_connections_per_address: Annotated[
        int | None,
        Field(ge=1),
        About(
            "The maximum number of connections of a process from one address, readers by server-sent events among "
            "them; an IPv6 address counts by its /64 network. If empty, there is none. Behind a proxy, set "
            "TRUSTED_PROXIES first.",
            "a whole number of at least 1",
        ),
    ] = None
    max_pending_sockets: Annotated[
        int,
        Field(ge=32),
        About(
            "The maximum number of open sockets of a process that have no session; for a further one, the one that "
            "has waited longest is closed. At least MAX_CONNECTIONS is in force.",
            "a whole number of at least 32",
        ),
    ] = 2000
    request_timeout: Annotated[
        float,
        Field(gt=0, le=3600, allow_inf_nan=False),
        About(
            "The time within which an HTTP request must be complete, from the opening of the connection or the first "
            "byte of a later request.",
            "a number over 0 and up to 3600",
            "s",
        ),
    ] = 10
    max_request_size: Annotated[
        int,
        Field(ge=1024, le=1_048_576),
        About(
            "The maximum size of an HTTP request, with its address, headers and body.",
            "a whole number from 1024 to 1048576",
            "bytes",
        ),
    ] = 16_384
    send_buffer_size: Annotated[
        int,
        Field(ge=4096, le=4_194_304),
        About(
            "The send buffer of a socket in the kernel; with a larger one a stalled client is noticed later.",
            "a whole number from 4096 to 4194304",
            "bytes",
        ),
    ] = 65_536
    chunk_timeout: Annotated[
        float,
        Field(gt=0, allow_inf_nan=False),
        About(
            "The time without progress after which the connection of a client that reads too slowly is closed.",
            "a number over 0",
            "s",
        ),
    ] = 5
    drain_seconds: Annotated[
        float,
        Field(ge=0, le=600, allow_inf_nan=False),
        About("The time that active streams have to finish after SIGTERM.", "a number from 0 to 600", "s"),
    ] = 5
    restart_seconds: Annotated[
        float,
        Field(ge=0, le=600, allow_inf_nan=False),
        About(
            "The time from the end of a process until clients can connect again: those without a stream are asked to "
            "wait for it. 0 if other instances accept them during the drain.",
            "a number from 0 to 600",
            "s",
        ),
    ] = 3
    memory_limit: Annotated[
        int | None,
        Field(ge=1),
        About(
            "The memory limit of the service, for INPUT_MEMORY, metrics and alerts; if empty, the limit of the "
            "container.",
            "a whole number of at least 1",
            "bytes",
        ),
    ] = None
    docs: Annotated[
        bool,
        About("Whether /docs, /openapi.json and /asyncapi.json are served.", "on or off"),
    ] = True
