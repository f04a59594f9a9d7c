"""An asyncio client of the Streaming Content API.

``connect`` opens a connection to one session; ``Connection.request`` starts a stream on it; a ``Stream`` is iterated
for its chunks and can be continued on another connection.
"""

from streaming_content.address import Address, InvalidAddress
from streaming_content.backoff import BackOff
from streaming_content.close_codes import CLOSE_CODES, CloseCode
from streaming_content.connection import Connection
from streaming_content.errors import (
    ConnectFailed,
    ConnectionClosed,
    ProtocolViolation,
    ReceiveTimeout,
    RecoveryRefused,
    ServerError,
    StreamCancelled,
    StreamingError,
    TokenUnavailable,
)
from streaming_content.handshake import connect
from streaming_content.stream import Chunk, Message, Stream
from streaming_content.token import Token

__all__ = [
    "CLOSE_CODES",
    "Address",
    "BackOff",
    "Chunk",
    "CloseCode",
    "ConnectFailed",
    "Connection",
    "ConnectionClosed",
    "InvalidAddress",
    "Message",
    "ProtocolViolation",
    "ReceiveTimeout",
    "RecoveryRefused",
    "ServerError",
    "Stream",
    "StreamCancelled",
    "StreamingError",
    "Token",
    "TokenUnavailable",
    "connect",
]
