"""Events of live streams: of their producers, and of their readers.

What happens with each token is no event: the writer records one for each commit, and ``LiveMeter`` counts the rest.
Who records an event is in its docstring; of what several processes see, only one of them records it.
"""

from enum import StrEnum
from typing import Self

from msgspec import Struct

from service.live.records import LiveRecord
from service.protocol.messages import ChunkBy, ContentType, HtmlMode, Speed
from service.protocol.trace import Trace


class LiveStreamCreated(Struct, frozen=True):
    """A producer created a live stream. A repeated creation is not recorded.

    Recorded by the route that creates it.
    """

    session_id: str
    stream_id: str
    trace: Trace
    """Joined with the trace of the producer, if it named one."""
    content_type: ContentType
    speed: Speed
    chunk_by: ChunkBy
    subject: str = ""
    """Of the principal of the producer; empty without authentication."""

    @classmethod
    def of(cls, record: LiveRecord) -> Self:
        return cls(
            record.session_id,
            record.stream_id,
            record.trace,
            record.content_type,
            record.speed,
            record.chunk_by,
            record.subject,
        )


class LiveAppendsStored(Struct, frozen=True):
    """One commit stored appends of some streams. Recorded by the writer, once for each commit."""

    streams: int
    appends: int
    """Those that were stored; refused ones are counted by ``AppendRefused``."""
    bytes: int
    """Of the source, without what was stored already."""
    seconds: float
    """Of the call of the store."""
    longest_seconds: float
    """From the arrival of the oldest append until all were stored: how long it was not durable."""
    undurable_bytes: int = 0
    """Received by then and not stored: they wait for the next commit."""


class RefusedAppend(StrEnum):
    """Why a request of a producer changed nothing."""

    GAP = "gap"
    """Bytes before its offset are missing."""
    MISMATCH = "mismatch"
    """It repeats an offset with other bytes, or the digest of the whole source is another one."""
    FENCED = "fenced"
    """Its epoch is not that of the stream: another producer adopted it, or it was never one."""
    ENDED = "ended"
    UNKNOWN = "unknown"
    """There is no such stream, or it belongs to another space."""
    TOO_LARGE = "too_large"
    """``LIVE_MAX_SIZE``, or the size of one append."""
    INVALID = "invalid"
    """Broken UTF-8, or a message or a parameter that is not valid."""
    OVERLOADED = "overloaded"
    """Too many bytes of the stream wait to be stored. On a socket it is no refusal: its producer is not read."""
    FULL = "full"
    """The store has no room."""
    FORBIDDEN = "forbidden"
    """No right to publish there, or publishing is off."""
    LIMIT = "limit"
    """A limit of the session or a quota is used up: nothing was created."""
    UNAVAILABLE = "unavailable"
    """The store did not answer in time. The only one that is a failure of the service."""


class AppendRefused(Struct, frozen=True):
    """A creation, an append, a close or an adopt was refused.

    Recorded by the routes and by the publish socket, where they answer with the error.
    """

    reason: RefusedAppend
    session_id: str = ""
    """Empty if it is not known, as is ``stream_id``."""
    stream_id: str = ""


class LiveStreamAdopted(Struct, frozen=True):
    """Another producer continues a stream. Recorded by the route that gives it the epoch."""

    session_id: str
    stream_id: str
    trace: Trace
    epoch: int
    """Of the new producer: the number of times that the stream was adopted."""
    silent_seconds: float
    """For which the earlier producer was not heard of."""


class LiveOutcome(StrEnum):
    """How a live stream ended."""

    COMPLETE = "complete"
    ERROR = "error"
    """Its producer ended it with an error."""
    CANCELLED = "cancelled"
    """By a reader or the producer."""
    ABANDONED = "abandoned"
    """Its producer was lost, and no other one adopted it in its time to live."""


class LiveStreamEnded(Struct, frozen=True):
    """A live stream reached its only end.

    Recorded by the process that stored the end: the writer after the last append, the caller of the store for a
    cancellation, and the process whose ``LiveStore.expire`` ended it.
    """

    session_id: str
    stream_id: str
    trace: Trace
    content_type: ContentType
    outcome: LiveOutcome
    bytes: int
    """Of the source."""
    epochs: int
    """The number of times that it was adopted."""
    created_at: float
    """In Unix seconds, as is ``ended_at``."""
    ended_at: float
    speed: Speed
    chunk_by: ChunkBy
    subject: str = ""
    """Of the principal that created it; empty without authentication."""

    @property
    def seconds(self) -> float:
        """From the creation to the end."""
        return max(0.0, self.ended_at - self.created_at)

    @classmethod
    def of(cls, record: LiveRecord, outcome: LiveOutcome, ended_at: float) -> Self:
        """``record`` as it is at the end; ``ended_at`` in Unix seconds."""
        return cls(
            record.session_id,
            record.stream_id,
            record.trace,
            record.content_type,
            outcome,
            record.length,
            record.epoch,
            record.created_at,
            ended_at,
            record.speed,
            record.chunk_by,
            record.subject,
        )


class ProducerStalled(Struct, frozen=True):
    """The producer of an open stream was not heard of for ``STALLED_SECONDS``.

    Recorded by the writer of the process that heard it last, once it has read in the store that no other process heard
    it since. If that process is dead, a ``ProducerLost`` follows.
    """

    session_id: str
    stream_id: str
    trace: Trace


class ProducerContinued(Struct, frozen=True):
    """A producer that was recorded as stalled was heard of by the same process. Recorded by the writer."""

    session_id: str
    stream_id: str
    trace: Trace
    silent_seconds: float


class ProducerLost(Struct, frozen=True):
    """The lease of a producer is over: its stream is interrupted, and may be adopted.

    Recorded by the process whose ``LiveStore.expire`` returned the stream: once over all processes.
    """

    session_id: str
    stream_id: str
    trace: Trace
    bytes: int
    """Of the source that is stored."""


class LiveStreamsCounted(Struct, frozen=True):
    """The streams of the store that have not ended, of all processes. Recorded every second beside ``expire``."""

    open: int
    """All that have not ended, with the others."""
    stalled: int
    """Not interrupted yet."""
    interrupted: int


class PublishSocketsCounted(Struct, frozen=True):
    """A publish socket was opened or closed. Recorded by the process that has it."""

    open: int
    """Of the process."""


class ReadingWay(StrEnum):
    """How a reader came to a stream."""

    UNASKED = "unasked"
    """Its socket was there when the stream was created, or it connected while the stream was open."""
    WATCH = "watch"
    EVENTS = "events"
    """Over HTTP, as server-sent events."""


class LiveReaderAttached(Struct, frozen=True):
    """A reader receives a live stream: its ``stream_start`` was sent.

    Recorded by the session machine, and by the route of events.
    """

    connection_id: str
    """Of the socket; an id of its own for the route of events."""
    session_id: str
    stream_id: str
    trace: Trace
    """Of the stream: the trace of its producer."""
    content_type: ContentType
    html_mode: HtmlMode
    way: ReadingWay
    late: bool
    """Whether there was something to show already."""
    settled: int
    """What it has from before, in UTF-16 code units."""


class LiveFirstChunkSent(Struct, frozen=True):
    """The first chunk for a reader that was not late. Recorded by the session machine, and by the route of events."""

    stream_id: str
    trace: Trace
    content_type: ContentType
    seconds: float
    """Since the reader was attached, without pauses."""


class ReadingEnd(StrEnum):
    """How a reader's stream ended."""

    COMPLETE = "complete"
    ERROR = "error"
    CANCELLED = "cancelled"
    LEFT = "left"
    """By ``leave``, or because it watches the stream anew."""
    DISCONNECTED = "disconnected"


class LiveReaderDetached(Struct, frozen=True):
    """A reader receives no more of a stream. Recorded where ``LiveReaderAttached`` was."""

    connection_id: str
    session_id: str
    stream_id: str
    trace: Trace
    content_type: ContentType
    way: ReadingWay
    end: ReadingEnd
    seconds: float
    """Since it was attached."""
    chunks: int
    bytes: int
    """Of their data."""
    replacements: int
    """Chunks that replaced what was sent before."""
    first_chunk_seconds: float | None
    """Since it was attached; ``None`` if there was no chunk."""
    longest_gap_seconds: float
    """Between two chunks; 0 with fewer than two."""
    longest_wait_seconds: float
    """From the arrival of a part of the source at the service to the chunk with it."""
    paused_seconds: float


class Distribution(Struct, frozen=True):
    """Observations that were counted together."""

    counts: tuple[int, ...]
    """By upper bound, and one more for what is above; not cumulative."""
    total: float
    """The sum of the values."""


class LiveMeasured(Struct, frozen=True):
    """What ``LiveMeter`` counted since the last event of this type, for all readers of the process.

    Recorded by the loop monitor, four times a second if there was something.
    """

    chunks: int
    replacements: int
    """Of the chunks."""
    source_to_socket: Distribution
    """By ``SOURCE_TO_SOCKET_SECONDS``."""
    gaps: Distribution
    """Between two chunks of a reader, by ``LIVE_GAP_SECONDS``."""
    held_back: Distribution
    """By ``HELD_BACK_SECONDS``."""
    definition_waits: Distribution
    """By ``DEFINITION_WAIT_SECONDS``."""
    first_appends: Distribution
    """By ``FIRST_APPENDS``."""
    awaiting_definition: int
    """Readers that wait for a definition now."""
