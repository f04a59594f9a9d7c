"""What a conversation is made of."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from service.protocol.close_codes import CloseCode
from service.protocol.server_messages import ServerMessage


class Says(Struct, frozen=True):
    """A message of the client."""

    payload: Mapping[str, Any]
    wrong: bool = False
    """Whether it is no message of the protocol, to show what comes of it."""


class Breaks(Struct, frozen=True):
    """The connection breaks, and the client comes back."""


class Closes(Struct, frozen=True):
    """The service closes the socket."""

    code: CloseCode


Line = Says | ServerMessage | Breaks | Closes


class Conversation(Struct, frozen=True):
    """Who says what, in order."""

    name: str
    title: str
    lines: Sequence[Line]
    settings: Mapping[str, str] = {}
    """Of the service; the others have their defaults."""
