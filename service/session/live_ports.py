"""What the session machine needs of live streams."""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from service.content.live.piece import LiveCursor
from service.live.records import LiveRecord, LiveState
from service.protocol.errors import StreamingError
from service.protocol.messages import ChunkBy, HtmlMode

__all__ = ["LiveReading", "LiveState", "LiveStreams", "WatchTarget"]


class LiveReading(Protocol):
    """One reader of a live stream. It changes between two inputs of the machine, never during one."""

    @property
    def record(self) -> LiveRecord:
        """The stream as it was when the reader was attached."""

    @property
    def start(self) -> int:
        """Where the cursor began, in UTF-16 code units: at the ``settled`` of its target, or before it."""

    @property
    def cursor(self) -> LiveCursor:
        """The position of the reader."""

    @property
    def lag_seconds(self) -> float:
        """From the arrival of what was added last at the service until it was in the view: for telemetry."""

    @property
    def state(self) -> LiveState:
        """Of the stream. In a final state all of the source that is stored is in the view of the cursor."""

    @property
    def error(self) -> StreamingError | None:
        """Why the state is ``ERROR`` although the producer did not end the stream so; ``None`` if it did."""

    @property
    def epoch(self) -> int:
        """Of the stream: it increases when another producer adopts it."""


class WatchTarget(Struct, frozen=True):
    """What a reader wants to see of which stream."""

    stream_id: str
    session_key: str
    """Of the connection: a stream of another session is not found."""
    html_mode: HtmlMode
    chunk_by: ChunkBy | None
    """``None`` for that of the stream."""
    settled: int
    """What the reader has, in UTF-16 code units."""


class LiveStreams(Protocol):
    """The live streams of all processes, as this process reads them."""

    async def attach(self, target: WatchTarget, on_change: Callable[[], None]) -> LiveReading | None:
        """Return a reading at ``target.settled``; ``None`` if there is no such stream.

        ``on_change`` is called in the event loop, not within ``attach``, when there is more to take or the state has
        changed. Raises ``StoreUnavailable``.
        """

    def detach(self, reading: LiveReading) -> None:
        """End the reading; a second call does nothing."""

    async def cancel(self, stream_id: str) -> None:
        """End the stream as cancelled, for its producer and all readers. Raises ``StoreUnavailable``."""

    async def open_streams(self, session_key: str) -> Sequence[str]:
        """Return the ids of the open streams of a session, the oldest first. Raises ``StoreUnavailable``."""
