"""Encodes, writes and counts the messages of all connections."""

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence

from service.events import CHUNK_LAG_SECONDS, ChunkLags, MessagesSent
from service.protocol.codec import encode
from service.protocol.frames import text_frame_header
from service.protocol.server_messages import ServerMessage
from service.session.ports import Connection

_BOUNDS = (*CHUNK_LAG_SECONDS, math.inf)


class MessageWriter:
    """Counts messages and the lags of chunks in plain numbers, as an event for each chunk would cost too much."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._counts: Counter[type[ServerMessage]] = Counter()
        self._bytes = 0
        self._lag_counts = [0] * len(_BOUNDS)
        self._lag_seconds = 0.0

    def send(self, connection: Connection, message: ServerMessage) -> None:
        payload = encode(message)
        connection.write(text_frame_header(len(payload)) + payload)
        self.count(type(message), 1, len(payload))

    def count(self, kind: type[ServerMessage], messages: int, payload_bytes: int) -> None:
        self._counts[kind] += messages
        self._bytes += payload_bytes

    def count_lags(self, lags: Sequence[float], more: float = 0.0) -> None:
        """Count how late chunks were sent: by ``lags``, in ascending order, each ``more`` seconds longer."""
        if not lags:
            return
        bound = bisect_left(_BOUNDS, lags[0] + more)
        counted = 0
        while counted < len(lags):  # one search for each bound among the lags, not one for each lag
            below = bisect_right(lags, _BOUNDS[bound] - more, counted)
            self._lag_counts[bound] += below - counted
            counted = below
            bound += 1
        self._lag_seconds += sum(lags) + len(lags) * more

    def take_counts(self) -> MessagesSent | None:
        """Return the messages since the last call; ``None`` if there were none."""
        if not self._bytes:
            return None
        sent = MessagesSent(self._counts, self._bytes, ChunkLags(tuple(self._lag_counts), self._lag_seconds))
        self._reset()
        return sent
