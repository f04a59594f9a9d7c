"""The output of the session machine for one input."""

from collections.abc import Iterable, Sequence

from msgspec import UNSET, Struct, UnsetType

from service.events import Event, LiveChunk
from service.protocol.close_codes import CloseCode, close_reason
from service.protocol.errors import StreamingError
from service.protocol.server_messages import ErrorMessage, ServerMessage
from service.session.effects import Effect
from service.session.event_log import EventLog
from service.session.run import Run
from service.session.stream_state import StreamState


class Close(Struct, frozen=True):
    """The end of a connection, after the messages of the step."""

    code: CloseCode
    abort: bool = False
    """Whether to drop the connection at once, instead of a closing handshake."""
    retry_after_ms: int | None = None
    """After how many milliseconds the client may connect again; ``None`` leaves it to the client."""

    @property
    def reason(self) -> str:
        """The text in the close frame."""
        return close_reason(self.code, self.retry_after_ms)


class Step(Struct, frozen=True):
    """What the driver does, in this order: send, record, drop, perform, close, schedule ``tick``."""

    outbound: Sequence[ServerMessage] = ()
    effects: Sequence[Effect] = ()
    events: Sequence[Event] = ()
    wake_at: float | None = None
    """When ``tick`` is due, in monotonic seconds; ``None`` once the end is decided."""
    close: Close | None = None
    dropped: Sequence[int] = ()
    """Tickets whose unresolved effects may be cancelled: their results are ignored."""
    run: Run | None = None
    """Chunks that need no ``tick``, the first at ``wake_at``. A driver may ignore it: ``tick`` returns the same."""
    chunk_lags: Sequence[float] = ()
    """How late the chunks among ``outbound`` that have a due time are, in seconds, in ascending order."""
    live_chunks: Sequence[LiveChunk] = ()
    """Those of live streams among ``outbound``."""


class StepBuilder:
    """Collects messages, effects, events, dropped tickets and the close of one step; ``build`` takes them all."""

    __slots__ = ("_chunk_lags", "_dropped", "_effects", "_live_chunks", "_outbound", "close", "log")

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self.close: Close | None = None
        self._outbound: list[ServerMessage] = []
        self._effects: list[Effect] = []
        self._chunk_lags: list[float] = []
        self._live_chunks: list[LiveChunk] = []
        self._dropped: tuple[int, ...] = ()

    def send(self, message: ServerMessage) -> None:
        self._outbound.append(message)

    def add_chunk_lags(self, seconds: Iterable[float]) -> None:
        """Add how late chunks of the step are."""
        self._chunk_lags += seconds

    def add_live_chunk(self, chunk: LiveChunk) -> None:
        """Add when a chunk of a live stream, among the messages, is sent."""
        self._live_chunks.append(chunk)

    def request(self, effect: Effect) -> None:
        self._effects.append(effect)

    def drop(self, ticket: int) -> None:
        self._dropped += (ticket,)

    def send_error(
        self,
        error: StreamingError,
        request_id: str | UnsetType = UNSET,
        stream: StreamState | None = None,
        stream_id: str | UnsetType = UNSET,
    ) -> None:
        """Send and record an error; ``stream`` is the stream that it ends, if any."""
        if stream is not None:
            stream_id = stream.stream_id or UNSET
        self.send(ErrorMessage.of(error, request_id, stream_id))
        self.log.error_sent(error, stream)

    def build(self, wake_at: float | None, run: Run | None = None) -> Step:
        outbound, effects, close, lags = self._outbound, self._effects, self.close, self._chunk_lags
        if outbound:
            self._outbound = []
        if effects:
            self._effects = []
        if lags:
            self._chunk_lags = []
            lags.sort()
        live_chunks = self._live_chunks
        if live_chunks:
            self._live_chunks = []
        self.close = None
        dropped, self._dropped = self._dropped, ()
        return Step(outbound, effects, self.log.take(), wake_at, close, dropped, run, lags, live_chunks)
