"""The interfaces that the core and the driver need from adapters, one protocol each."""

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from service.content.cached_plan import CachedPlan
from service.content.plan import Plan
from service.content.stage import StageTime
from service.events import CloseReason, Event
from service.protocol.limits import InputLimit
from service.protocol.messages import StreamRequest
from service.protocol.trace import Trace, TraceContext
from service.session.records import (
    Admission,
    Claim,
    Digest,
    SessionReserved,
    SessionSnapshot,
    StreamRecord,
    StreamStatus,
)


class Receiver(Protocol):
    """What a connection calls, never from within one of its own methods. Nothing of it raises."""

    @property
    def held_bytes(self) -> int:
        """The memory of what was received and is not done."""

    def message_received(self, data: str | bytes | None, size_bytes: int) -> None:
        """A message arrived: text as ``str``, binary as ``bytes``, ``None`` if it was too large to be kept.

        ``size_bytes`` is the size of its payload.
        """

    def limit_exceeded(self, limit: InputLimit) -> None:
        """The client sent more than it may: close."""

    def control_blocked(self) -> None:
        """A ping or pong was written while ``blocked`` is true; its own writes the receiver examines itself."""

    def unblocked(self) -> None:
        """``blocked`` became false: the kernel has accepted everything that was written."""

    def connection_ended(self, code: int, failure: CloseReason | None) -> None:
        """The connection is lost or closed with ``code``; 1006 if there was no close frame. Called last, once.

        ``failure`` is why the connection closed by itself: ``PROTOCOL_ERROR``, ``KEEPALIVE_TIMEOUT`` or ``None``.
        """


class Connection(Protocol):
    """One accepted WebSocket. No method blocks; after a close each method does nothing."""

    def start(self, receiver: Receiver) -> None:
        """Begin to read; what arrives goes to ``receiver``."""

    @property
    def blocked(self) -> bool:
        """Whether the kernel has not accepted everything that was written."""

    @property
    def undelivered_bytes(self) -> int:
        """The bytes that were written and that the client has not acknowledged."""

    def write(self, frame: bytes) -> None:
        """Send one complete frame."""

    def close(self, code: int, reason: str) -> None:
        """Start the closing handshake. A peer that does not answer it is disconnected after a timeout."""

    def abort(self) -> None:
        """Drop the connection and everything unsent."""


class StoreUnavailable(Exception):
    """The store did not answer in time. The operation may have been performed."""


class SessionStore(Protocol):
    """Sessions, by the key of their space and id, their request counts, and recoverable streams.

    Every implementation passes tests/contract/stores/contract. Coroutines raise only ``StoreUnavailable``. Times
    are durations, so that a store may use its own clock.
    """

    async def open(self, session_key: str, secret: Digest | None = None) -> SessionSnapshot | SessionReserved:
        """Join the session; create it with this secret if there is none or if its time is over.

        A session that was created with another secret, or with none, is not joined.
        """

    async def join(self, snapshot: SessionSnapshot) -> SessionSnapshot:
        """Join the session for a connection that began without it, and return it as it is then.

        Requests that were counted without it (those of the snapshot, or of this process) are added to its count. If
        there is none, it is created from the snapshot. If another one was created since, with another secret than
        that of the snapshot, the snapshot is returned, not ``shared``.
        """

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        """Count one request against the limit of the session, exactly, under concurrent calls of any process.

        A store that has lost the session recreates it from ``snapshot``; if another secret reserves it by then, the
        request is counted in the snapshot only. If ``claim`` was made before, nothing is
        counted. Otherwise it is made now for ``stream_id``, under the digest of the connection and under the one
        presented: a client that repeats a request with the same token is charged once.
        """

    async def charge_repetition(self, snapshot: SessionSnapshot, stream_id: str) -> Admission:
        """Record that a request is prepared again that repeats the one of ``stream_id``.

        The first two times nothing is counted; from the third time on, it is counted like a request, or not admitted.
        """

    async def put(self, record: StreamRecord) -> None:
        """Store the stream. When this returns, the stream survives the death of this process.

        A store keeps a bounded number of bytes, and refuses first those of the session that uses most of them.
        """

    async def get(self, stream_id: str) -> StreamRecord | None:
        """Return the record; ``None`` if there is none or if its time to live is over."""

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        """Increment the epoch and add ``owner``; return false, and change nothing, if it is not at ``epoch``."""

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        """Store ``skip_at`` and ``skip_settled``; return false, and change nothing, if it is not at ``epoch``."""

    async def renew_leases(self, epochs: Mapping[str, int]) -> frozenset[str]:
        """Renew the leases of streams, given by id and epoch; return the ids that are stored at another epoch."""

    def update_status(self, stream_id: str, epoch: int, status: StreamStatus) -> None:
        """Queue a change, in order, for the stream if it is at ``epoch`` by then. Never blocks, never raises."""

    async def close(self) -> None:
        """Write queued changes and release all resources."""


class PlanCache(Protocol):
    """Plans in memory, by ``plan_key``. Thread-safe; no method blocks."""

    @property
    def enabled(self) -> bool:
        """Whether it keeps anything. If not, a miss is not counted as one."""

    def get(self, key: bytes) -> CachedPlan | None:
        """Return the plan, if it is cached."""

    def put(self, key: bytes, plan: CachedPlan) -> None:
        """Cache the plan, if it fits."""


class PlanStore(Protocol):
    """Packed plans that machines share, by ``plan_key``, with a time to live. A failure is a miss."""

    async def get(self, key: bytes) -> bytes | None:
        """Return the plan, if it is stored and arrives in time. Never raises."""

    def put(self, key: bytes, plan: bytes) -> None:
        """Queue the plan to be stored. Never blocks, never raises."""

    async def close(self) -> None:
        """Cancel queued writes and release all resources."""


class Preparation(Struct, frozen=True):
    """A plan and the time that it took."""

    plan: Plan
    seconds: float
    stages: tuple[StageTime, ...] = ()
    packed: bytes | None = None
    """The plan as it is stored; ``None`` if content may not be stored."""


class PreparationFailed(Exception):
    """Preparation raised the exception in ``__cause__`` after ``seconds``, in these stages."""

    def __init__(self, seconds: float, stages: tuple[StageTime, ...]) -> None:
        super().__init__(seconds, stages)
        self.seconds = seconds
        self.stages = stages


class RemoteFault(Exception):
    """An exception of another process. ``str()`` is its type and where it was raised, without its text."""


class ContentEngine(Protocol):
    """Content work outside the event loop."""

    async def prepare(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation:
        """Return a plan that fits into ``seconds_left`` of the session.

        Clients share the engine equally; ``client`` is any string that stands for one. Raises ``ServerBusy``, the
        exception of the failed stage, or ``PreparationFailed`` with that exception as its cause.
        """

    async def find(self, request: StreamRequest, seconds_left: float, client: str = "") -> Preparation | None:
        """Return what ``prepare`` would, if the plan need not be made; else ``None``. Raises ``ServerBusy``."""

    async def unpack_plan(self, plan: bytes, client: str = "") -> Plan:
        """Return the plan that was packed. Raises ``ServerBusy`` and ``UnreadablePlan``."""

    def close(self) -> None:
        """Accept no more work."""


class Ids(Protocol):
    """Random ids."""

    def new_id(self) -> str:
        """Return a new id of a stream, a connection or a fault."""

    def new_token(self) -> str:
        """Return a new resume token of 256 random bits."""

    def new_trace(self, parent: TraceContext | None) -> Trace:
        """Return a span for a new stream: in the trace of the client, or in a new one."""

    def continue_trace(self, trace: Trace) -> Trace:
        """Return a span for a recovered stream: a child of its first span, with the same sampling decision."""


class Recorder(Protocol):
    """Receives all events. Never raises, never blocks."""

    def record(self, event: Event) -> None: ...
