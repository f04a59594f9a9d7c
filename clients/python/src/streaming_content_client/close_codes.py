"""The close codes of the protocol."""

from typing import NamedTuple


class CloseCode(NamedTuple):
    """The meaning of a close code."""

    reason: str
    may_reconnect: bool
    """Whether a new connection can be useful: not after an error of this client, nor after the stream moved."""


CLOSE_CODES: dict[int, CloseCode] = {
    1000: CloseCode("normal closure", may_reconnect=True),
    1002: CloseCode("protocol error", may_reconnect=False),
    1003: CloseCode("unsupported data", may_reconnect=False),
    1006: CloseCode("no close frame", may_reconnect=True),
    1007: CloseCode("text that is not UTF-8", may_reconnect=False),
    1008: CloseCode("policy violation", may_reconnect=False),
    1009: CloseCode("frame too large", may_reconnect=False),
    1011: CloseCode("internal error of the server", may_reconnect=True),
    1012: CloseCode("the server restarts", may_reconnect=True),
    4010: CloseCode("the session is over", may_reconnect=True),
    4101: CloseCode("the server is full", may_reconnect=True),
    4102: CloseCode("this client read too slowly", may_reconnect=True),
    4103: CloseCode("another connection recovered the stream", may_reconnect=False),
    4111: CloseCode("idle timeout", may_reconnect=True),
}
"""The codes of docs/protocol.md and those that WebSocket libraries report by themselves."""
