"""A session store and a content engine without time, which perform the effects of the machines of a test."""

from collections import Counter

from msgspec.structs import replace

from service.content import unpack_plan
from service.protocol.trace import Trace
from service.session.effects import (
    AcquireStream,
    AcquisitionDecided,
    EffectResult,
    FindPlan,
    GetStream,
    JoinSession,
    MarkSkip,
    PlanNotFound,
    PlanUnpacked,
    PutStream,
    SessionJoined,
    SkipMarked,
    StoreFailed,
    StreamFetched,
    StreamStored,
    UnpackPlan,
    UpdateStatus,
)
from service.session.records import SessionSnapshot, StreamRecord, StreamStatus

StoreEffect = JoinSession | FindPlan | PutStream | GetStream | UnpackPlan | AcquireStream | MarkSkip


class MemoryStore:
    """Records by stream. While ``unavailable``, every call fails.

    If ``performs_failed_calls``, a ``MarkSkip`` that fails is performed all the same.
    """

    def __init__(self) -> None:
        self.records: dict[str, StreamRecord] = {}
        self.status_updates: list[UpdateStatus] = []
        self.unavailable = False
        self.performs_failed_calls = False
        self.preparations: Counter[str] = Counter()
        """How often a repeated request was prepared again, by the stream of its first attempt."""
        self.session: SessionSnapshot | None = None
        """The session that a connection joins; if ``None``, it is created from the snapshot."""

    def perform(self, effect: StoreEffect) -> EffectResult:  # noqa: PLR0911 - one for each effect
        if isinstance(effect, FindPlan):
            return PlanNotFound(effect.ticket)
        if isinstance(effect, UnpackPlan):
            return PlanUnpacked(effect.ticket, unpack_plan(effect.plan))
        if self.unavailable:
            if isinstance(effect, MarkSkip) and self.performs_failed_calls:
                self._mark_skip(effect)
            return StoreFailed(effect.ticket)
        match effect:
            case JoinSession(ticket, snapshot):
                return SessionJoined(ticket, self.session or replace(snapshot, shared=True))
            case PutStream(ticket, record):
                self.records[record.stream_id] = record
                return StreamStored(ticket)
            case GetStream(ticket, stream_id):
                return StreamFetched(ticket, self.records.get(stream_id))
            case AcquireStream():
                return self._acquire(effect)
            case MarkSkip():
                return self._mark_skip(effect)

    def update_status(self, update: UpdateStatus) -> None:
        self.status_updates.append(update)
        record = self.records.get(update.stream_id)
        if self.unavailable or record is None or record.epoch != update.epoch:
            return
        match update.status:
            case StreamStatus.PAUSED | StreamStatus.RESUMED:
                self.records[update.stream_id] = replace(record, paused=update.status is StreamStatus.PAUSED)
            case StreamStatus.ENDED:
                self.records[update.stream_id] = replace(record, counted=True)
            case StreamStatus.ACKNOWLEDGED:
                del self.records[update.stream_id]

    def _acquire(self, effect: AcquireStream) -> AcquisitionDecided:
        record = self.records.get(effect.stream_id)
        acquired = record is not None and record.epoch == effect.epoch
        if record is not None and acquired:
            owners = tuple(dict.fromkeys((*record.owners, effect.owner)))
            self.records[effect.stream_id] = replace(record, epoch=record.epoch + 1, owners=owners)
        trace = Trace(effect.trace.trace_id, "d" * 16, sampled=True)
        return AcquisitionDecided(effect.ticket, acquired, trace)

    def _mark_skip(self, effect: MarkSkip) -> SkipMarked:
        record = self.records.get(effect.stream_id)
        marked = record is not None and record.epoch == effect.epoch
        if record is not None and marked:
            self.records[effect.stream_id] = replace(record, skip_at=effect.index, skip_settled=effect.settled)
        return SkipMarked(effect.ticket, marked)
