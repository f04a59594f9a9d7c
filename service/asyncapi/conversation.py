"""The parts of an example conversation."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from service.protocol.close_codes import CloseCode
from service.protocol.server_messages import ServerMessage


class Sent(Struct, frozen=True):
    """A message of the client."""

    payload: Mapping[str, Any]
    invalid: bool = False
    """Whether it violates the protocol, to show the error that follows."""


class Produced(Struct, frozen=True):
    """A call of the producer of a live stream, which is not on the connection of the client."""

    call: str
    """The method and the target."""
    body: Mapping[str, Any] | str | None = None
    """JSON, or a part of the source."""


class Disconnected(Struct, frozen=True):
    """The connection is lost, and the client connects again."""


class Closed(Struct, frozen=True):
    """The service closes the connection."""

    code: CloseCode


Line = Sent | ServerMessage | Produced | Disconnected | Closed


class Conversation(Struct, frozen=True):
    """Messages in order. ``settings`` are those of the service that differ from the defaults."""

    name: str
    title: str
    lines: Sequence[Line]
    settings: Mapping[str, str] = {}
