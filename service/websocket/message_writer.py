"""Encodes, writes and counts the messages of all connections."""

from collections import Counter

from service.events import MessagesSent
from service.protocol.codec import encode
from service.protocol.frames import text_frame_header
from service.protocol.server_messages import ServerMessage
from service.session.ports import Connection


class MessageWriter:
    """Counts messages in plain numbers, as an event for each chunk would cost too much."""

    def __init__(self) -> None:
        self._counts: Counter[type[ServerMessage]] = Counter()
        self._bytes = 0

    def send(self, connection: Connection, message: ServerMessage) -> None:
        payload = encode(message)
        connection.write(text_frame_header(len(payload)) + payload)
        self.count(type(message), 1, len(payload))

    def count(self, kind: type[ServerMessage], messages: int, payload_bytes: int) -> None:
        self._counts[kind] += messages
        self._bytes += payload_bytes

    def take_counts(self) -> MessagesSent | None:
        """Return the messages since the last call; ``None`` if there were none."""
        if not self._bytes:
            return None
        sent = MessagesSent(self._counts, self._bytes)
        self._counts, self._bytes = Counter(), 0
        return sent
