"""A client of the Streaming Content API for back ends.

``Publisher`` writes live streams. ``connect`` opens a connection to one session to read; ``Connection.request`` starts
a stream on it; a ``Stream`` is iterated for its chunks and can be continued on another connection.
"""

from streaming_content.address import Address, InvalidAddress
from streaming_content.backoff import BackOff
from streaming_content.close_codes import CLOSE_CODES, CloseCode
from streaming_content.connection import Connection
from streaming_content.errors import (
    ConnectFailed,
    ConnectionClosed,
    ProducerFenced,
    ProtocolViolation,
    PublishFailed,
    PublishRefused,
    ReceiveTimeout,
    RecoveryRefused,
    ServerError,
    StreamCancelled,
    StreamEnded,
    StreamingError,
    TokenUnavailable,
)
from streaming_content.handshake import connect
from streaming_content.live_stream import LiveChunk, LiveStream
from streaming_content.producer import Producer
from streaming_content.publisher import Publisher
from streaming_content.stream import Chunk, Message, Stream
from streaming_content.sync_publisher import SyncProducer, SyncPublisher
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
    "LiveChunk",
    "LiveStream",
    "Message",
    "Producer",
    "ProducerFenced",
    "ProtocolViolation",
    "PublishFailed",
    "PublishRefused",
    "Publisher",
    "ReceiveTimeout",
    "RecoveryRefused",
    "ServerError",
    "Stream",
    "StreamCancelled",
    "StreamEnded",
    "StreamingError",
    "SyncProducer",
    "SyncPublisher",
    "Token",
    "TokenUnavailable",
    "connect",
]
