"""The operations that the session machine requests, and their results: two closed unions.

Each effect but ``UpdateStatus``, ``DetachLive`` and ``CancelLive`` has a ticket. ``SessionMachine.resolve`` takes its
result, which has the same ticket. A ticket has at most one unresolved effect. ``EffectFailed`` may be the result of
every effect. Those of live streams are in ``session.live_effects``.
"""

from msgspec import Struct

from service.access.principal import AccessRefusal, Principal
from service.content.plan import Plan
from service.content.stage import StageTime
from service.protocol.errors import StreamingError
from service.protocol.messages import StreamRequest
from service.protocol.trace import Trace
from service.session.live_effects import (
    AttachLive,
    CancelLive,
    DetachLive,
    ListLive,
    LiveAttached,
    LiveListed,
    LiveUnknown,
)
from service.session.ports import Preparation
from service.session.records import Admission, Claim, Digest, SessionSnapshot, StreamRecord, StreamStatus


class JoinSession(Struct, frozen=True):
    """Join the session, with ``SessionStore.join``. Result: ``SessionJoined`` or ``StoreFailed``."""

    ticket: int
    snapshot: SessionSnapshot


class Admit(Struct, frozen=True):
    """Count a request, with ``SessionStore.admit``. Result: ``AdmissionDecided``."""

    ticket: int
    snapshot: SessionSnapshot
    request: StreamRequest
    claim: Claim | None = None


class Prepare(Struct, frozen=True):
    """Make the plan of a request, with ``ContentEngine.prepare``. Result: ``PlanPrepared``."""

    ticket: int
    request: StreamRequest
    stream_id: str
    trace: Trace
    seconds_left: float
    """Of the session: the stream has to fit into them."""


class FindPlan(Struct, frozen=True):
    """Find the plan of a repetition, with ``ContentEngine.find``. Result: ``PlanPrepared`` or ``PlanNotFound``."""

    ticket: int
    request: StreamRequest
    stream_id: str
    trace: Trace
    seconds_left: float


class ChargeRepetition(Struct, frozen=True):
    """Count that a repeated request is prepared again, with ``SessionStore.charge_repetition``.

    Result: ``RepetitionCharged``.
    """

    ticket: int
    snapshot: SessionSnapshot
    repeats: str
    """The stream of the first attempt."""


class PutStream(Struct, frozen=True):
    """Store a stream, with ``SessionStore.put``. Result: ``StreamStored`` or ``StoreFailed``."""

    ticket: int
    record: StreamRecord


class GetStream(Struct, frozen=True):
    """Read a stream, with ``SessionStore.get``. Result: ``StreamFetched`` or ``StoreFailed``."""

    ticket: int
    stream_id: str


class UnpackPlan(Struct, frozen=True):
    """Unpack a stored plan, with ``ContentEngine.unpack_plan``.

    Result: ``PlanUnpacked``, ``PlanUnreadable`` or ``ContentEngineBusy``.
    """

    ticket: int
    plan: bytes


class AcquireStream(Struct, frozen=True):
    """Acquire a stream, with ``SessionStore.acquire``. Result: ``AcquisitionDecided`` or ``StoreFailed``."""

    ticket: int
    stream_id: str
    epoch: int
    owner: Digest
    trace: Trace
    """Of the stored stream: the recovered one continues it."""


class MarkSkip(Struct, frozen=True):
    """Store where a stream is skipped, with ``SessionStore.mark_skip``. Result: ``SkipMarked`` or ``StoreFailed``."""

    ticket: int
    stream_id: str
    trace: Trace
    epoch: int
    index: int
    settled: bool


REFRESH_TICKET = 0
"""Of the one token that is being checked; those of streams are greater."""


class Authenticate(Struct, frozen=True):
    """Check a token, with ``Authenticator.authenticate``. Result: ``TokenChecked``."""

    ticket: int
    token: str


class UpdateStatus(Struct, frozen=True):
    """Store a change of a stream, with ``SessionStore.update_status``. It has no result."""

    stream_id: str
    epoch: int
    status: StreamStatus


class SessionJoined(Struct, frozen=True):
    """The shared store has the session now."""

    ticket: int
    snapshot: SessionSnapshot


class AdmissionDecided(Struct, frozen=True):
    """The decision of the store, with the id and the trace of the stream that the request becomes if admitted."""

    ticket: int
    admission: Admission
    stream_id: str
    trace: Trace
    called_at: float
    """When the store was called, in monotonic seconds."""


class PlanPrepared(Struct, frozen=True):
    ticket: int
    preparation: Preparation


class PlanNotFound(Struct, frozen=True):
    """The plan has to be made again."""

    ticket: int


class RepetitionCharged(Struct, frozen=True):
    ticket: int
    admission: Admission


class StreamStored(Struct, frozen=True):
    ticket: int


class StreamFetched(Struct, frozen=True):
    ticket: int
    record: StreamRecord | None


class PlanUnpacked(Struct, frozen=True):
    ticket: int
    plan: Plan


class PlanUnreadable(Struct, frozen=True):
    """Another version of the service packed the plan."""

    ticket: int


class ContentEngineBusy(Struct, frozen=True):
    """The content engine has no capacity for the plan."""

    ticket: int


class AcquisitionDecided(Struct, frozen=True):
    ticket: int
    acquired: bool
    """False if another connection acquired the stream first."""
    trace: Trace
    """Of the recovered part of the stream, if acquired."""


class SkipMarked(Struct, frozen=True):
    ticket: int
    marked: bool
    """False if the stream is not at the epoch of the effect."""


class TokenChecked(Struct, frozen=True):
    ticket: int
    principal: Principal | AccessRefusal


class StoreFailed(Struct, frozen=True):
    """The store is unavailable. The operation may have been performed."""

    ticket: int


class EffectFailed(Struct, frozen=True):
    """The effect raised an exception, which ends its request."""

    ticket: int
    error: StreamingError
    """For the client."""
    seconds: float | None = None
    """The time that preparation took until it failed; ``None`` for other effects."""
    stages: tuple[StageTime, ...] = ()


TicketedEffect = (
    JoinSession
    | Admit
    | Prepare
    | FindPlan
    | ChargeRepetition
    | PutStream
    | GetStream
    | UnpackPlan
    | AcquireStream
    | MarkSkip
    | Authenticate
    | ListLive
    | AttachLive
)
Effect = TicketedEffect | UpdateStatus | DetachLive | CancelLive
EffectResult = (
    SessionJoined
    | AdmissionDecided
    | PlanPrepared
    | PlanNotFound
    | RepetitionCharged
    | StreamStored
    | StreamFetched
    | PlanUnpacked
    | PlanUnreadable
    | ContentEngineBusy
    | AcquisitionDecided
    | SkipMarked
    | TokenChecked
    | LiveListed
    | LiveAttached
    | LiveUnknown
    | StoreFailed
    | EffectFailed
)
