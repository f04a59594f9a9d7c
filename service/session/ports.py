"""The seams: what the core and the driver need from the outside, one protocol each."""

from collections.abc import Callable, Mapping
from typing import Protocol

from service.content.cached_plan import CachedPlan
from service.content.plan import Plan
from service.events import Event
from service.protocol.messages import StreamRequest
from service.protocol.trace import Trace, TraceContext
from service.session.effects import Admission, Preparation, SessionSnapshot
from service.session.records import Claim, Digest, StreamRecord, StreamStatus


class Connection(Protocol):
    """One accepted socket, seen from the driver. No method blocks; after a close or a loss each is a no-op."""

    on_unblocked: Callable[[], None] | None
    """Called when ``blocked`` becomes false."""

    @property
    def blocked(self) -> bool:
        """Whether the operating system has yet to take some of what was written."""

    @property
    def congested(self) -> bool:
        """Whether it has yet to take so much that the peer should not be read before ``drained()``."""

    @property
    def unsent_bytes(self) -> int:
        """How much of what was written the operating system has yet to take."""

    async def drained(self) -> None:
        """Return when the operating system has taken all, or the socket is gone."""

    def write(self, message: bytes) -> None:
        """Send one ready message (UTF-8) as a text frame."""

    def close(self, code: int, reason: str) -> None:
        """Begin the closing handshake; a peer that does not answer is aborted after a moment."""

    def abort(self) -> None:
        """Drop the connection and what is unsent."""


class StoreUnavailable(Exception):
    """The store did not answer, or not in time. What was asked of it may have been done all the same."""


class SessionStore(Protocol):
    """Sessions, their counts, and the streams that can be recovered.

    Every implementation passes tests/contract/stores/contract.py. Coroutines raise only ``StoreUnavailable``. Times
    are durations, so that a store may use its own clock.
    """

    async def open(self, session_id: str) -> SessionSnapshot:
        """Join the session, or begin it if there is none or its time is over."""

    async def admit(self, snapshot: SessionSnapshot, stream_id: str, claim: Claim | None) -> Admission:
        """Count one request against the session's limit, exactly, whoever else is counting.

        ``snapshot`` is what the connection knows; a store that has lost the session recreates it from that. With a
        ``claim`` that was made before, nothing is counted; otherwise it is now made for ``stream_id``, under the
        connection's token and the one presented: who loses every answer, and presents one token always, pays once.
        """

    async def put(self, record: StreamRecord) -> None:
        """Make the stream recoverable. When this returns, the death of this process changes nothing."""

    async def get(self, stream_id: str) -> StreamRecord | None:
        """The record, while its time to live lasts."""

    async def acquire(self, stream_id: str, epoch: int, owner: Digest) -> bool:
        """Move the stream on from ``epoch``, and let ``owner`` open it too; false if it is not at ``epoch``."""

    async def mark_skip(self, stream_id: str, epoch: int, index: int, *, settled: bool) -> bool:
        """Store where it was skipped, and whether merged chunks may follow; false if it is not at ``epoch``."""

    async def renew_leases(self, held: Mapping[str, int]) -> frozenset[str]:
        """Keep the streams under way, by id and epoch, alive; those that another has taken. One that is gone is not."""

    def update_status(self, stream_id: str, epoch: int, change: StreamStatus) -> None:
        """Store a change soon, in order, if the stream is at ``epoch`` by then. Never blocks, never raises."""

    async def close(self) -> None:
        """Store what was noted, and let go of everything."""


class PlanCache(Protocol):
    """Plans in memory, by ``plan_key``. Threads share it; no method blocks."""

    @property
    def has_room(self) -> bool:
        """Whether it keeps anything; if not, that nothing is found tells nothing."""

    def get(self, key: bytes) -> CachedPlan | None:
        """The plan, if it is still kept."""

    def put(self, key: bytes, plan: CachedPlan) -> None:
        """Keep it, if it is worth the room."""


class PlanStore(Protocol):
    """Packed plans that several machines share, by ``plan_key``, for a time. What fails here is only a miss."""

    async def get(self, key: bytes) -> bytes | None:
        """The plan, if it is there and comes soon. Never raises."""

    def put(self, key: bytes, plan: bytes) -> None:
        """Store it soon, or never. Never blocks, never raises."""

    async def close(self) -> None:
        """Let go of what is still on its way."""


class ContentEngine(Protocol):
    """Content work off the event loop."""

    async def prepare(self, request: StreamRequest, seconds_left: float) -> Preparation:
        """A plan that fits into the session's ``seconds_left``, and the time it took.

        Raises what it met, or ``WorkFailed`` from it, which tells the time too.
        """

    async def unpacked(self, plan: bytes) -> Plan:
        """The plan that was packed. Raises ``UnreadablePlan``."""

    def close(self) -> None:
        """Take no more work."""


class Ids(Protocol):
    """Where ids come from."""

    def new_id(self) -> str:
        """A fresh id for a stream, a connection or a fault."""

    def token(self) -> str:
        """A fresh resume token: 256 bits that nobody can guess."""

    def trace(self, parent: TraceContext | None) -> Trace:
        """A new stream's place in the client's trace, or in one of its own."""

    def continued(self, trace: Trace) -> Trace:
        """The place of a stream that goes on elsewhere: in the same trace, below its beginning, and kept if that is."""


class Recorder(Protocol):
    """The one door to observability. Never raises, never blocks."""

    def record(self, event: Event) -> None: ...
