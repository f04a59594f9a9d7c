"""An asyncio client of the Streaming Content API.

``connect`` opens a connection to one session; ``Connection.request`` starts a stream on it; a ``Stream`` is iterated
for its chunks and can be continued on another connection.
"""

from streaming_content_client.address import Address, InvalidAddress
from streaming_content_client.backoff import BackOff
from streaming_content_client.close_codes import CLOSE_CODES, CloseCode
from streaming_content_client.connection import Connection
from streaming_content_client.errors import (
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
from streaming_content_client.handshake import connect
from streaming_content_client.stream import Chunk, Message, Stream
from streaming_content_client.token import Token

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
