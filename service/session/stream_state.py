"""The state of one requested stream."""

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from service.events import StreamTimes
from service.protocol.instant import Instant
from service.protocol.messages import ContentType, Recover, RefusalReason, StreamRequest, Watch
from service.protocol.trace import Trace
from service.session.delivery import Delivery
from service.session.effects import AdmissionDecided, EffectFailed
from service.session.ports import Preparation
from service.session.records import Digest, SessionSnapshot, StreamRecord
from service.session.recovery import EffectSequence, RecoveredStream
from service.session.tokens import owners_of
from service.session.watch import WatchState


class StreamState:
    """One stream from the message that requested it to its terminal message. All times are monotonic seconds."""

    __slots__ = (
        "admission_recorded",
        "admitted_at",
        "content_bytes",
        "decision",
        "delivery",
        "dequeued_at",
        "epoch",
        "failure",
        "message",
        "paused",
        "preparation",
        "prepared_at",
        "received",
        "record",
        "recovery",
        "resumable",
        "skip_requested",
        "skip_storage",
        "stream_id",
        "ticket",
        "trace",
        "watch",
    )

    def __init__(
        self,
        ticket: int,
        message: StreamRequest | Recover | Watch,
        content_bytes: int,
        now: Instant,
        watch: WatchState | None = None,
    ) -> None:
        self.ticket = ticket
        self.message = message
        self.content_bytes = content_bytes
        self.received = now
        self.admitted_at: float | None = None if isinstance(message, StreamRequest) else now.seconds
        """``None`` until it may start; a ``recover`` and a ``watch`` need no admission."""
        self.watch = watch
        """Set if it is a live stream, which has no ``preparation``, ``record`` or ``delivery``."""
        self.decision: AdmissionDecided | None = None
        self.stream_id = "" if isinstance(message, StreamRequest) else message.stream_id
        """Empty, as ``trace`` is ``None``, until the request is admitted."""
        self.trace: Trace | None = None
        self.dequeued_at: float | None = None
        """When its preparation or recovery started."""
        self.admission_recorded = False
        """Whether an event recorded that it was admitted or recovered; then one records its end."""
        self.prepared_at: float | None = None
        self.preparation: Preparation | None = None
        """Set while the prepared stream is being stored."""
        self.recovery: EffectSequence[RecoveredStream | RefusalReason] | None = None
        """Set while it is being recovered."""
        self.record: StreamRecord | None = None
        """The record from which it was recovered, without the packed plan."""
        self.delivery: Delivery | None = None
        """Set when it has started."""
        self.failure: EffectFailed | None = None
        self.resumable = False
        """Whether it is in the store, at ``epoch``."""
        self.epoch = 0
        self.paused = False
        self.skip_requested = False
        self.skip_storage: EffectSequence[bool] | None = None
        """Set while its skip is being stored; no chunk is sent until then."""

    def admit(self, decision: AdmissionDecided, now: float) -> None:
        self.admitted_at = now
        self.decision = decision
        self.stream_id = decision.admission.repeats or decision.stream_id
        self.trace = decision.trace

    def create_record(self, preparation: Preparation, snapshot: SessionSnapshot, owner: Digest) -> StreamRecord | None:
        """Return what is stored of a prepared request; ``None`` if its content may not be stored."""
        if preparation.packed is None:
            return None
        request_id = self.request.request_id
        return StreamRecord(
            stream_id=self.stream_id,
            session_key=snapshot.session_key,
            session_incarnation=snapshot.incarnation,
            owners=owners_of(self.request, owner),
            content_type=self.request.content_type,
            request_id=None if request_id is UNSET else request_id,
            trace=self.admitted_trace,
            plan=preparation.packed,
            processing_seconds=preparation.seconds,
        )

    def start(self, delivery: Delivery) -> None:
        """Take the delivery of the chunks. The content of the request is not needed any more, so it is released."""
        self.delivery = delivery
        if isinstance(self.message, StreamRequest):
            self.message = replace(self.message, content="")

    def release(self, now: float) -> None:
        """The connection accepts chunks again."""
        if self.delivery is not None:
            self.delivery.release(now)
        elif self.watch is not None and self.watch.reader is not None:
            self.watch.reader.delivery.release(now)

    def restore(self, recovered: RecoveredStream) -> None:
        """Take the state of the stored stream."""
        record = recovered.record
        self.record = replace(record, plan=b"")  # the delivery holds the unpacked plan
        self.trace = recovered.trace
        self.epoch = record.epoch
        self.resumable = True
        self.paused = self.paused or (record.paused and self.repeats is None)

    def times(self, ended_at: float | None = None) -> StreamTimes:
        return StreamTimes(
            received=self.received,
            called=None if self.decision is None else self.decision.called_at,
            admitted=self.admitted_at,
            dequeued=self.dequeued_at,
            prepared=self.prepared_at,
            started=None if self.delivery is None else self.delivery.started_at,
            ended=ended_at,
        )

    @property
    def admitted(self) -> bool:
        return self.admitted_at is not None

    @property
    def started(self) -> bool:
        """Whether its chunks are being sent."""
        return self.delivery is not None or (self.watch is not None and self.watch.reader is not None)

    @property
    def repeats(self) -> str | None:
        """The stream of an earlier request that this request repeats: the store may have it."""
        return None if self.decision is None else self.decision.admission.repeats

    @property
    def request(self) -> StreamRequest:
        """The message of a stream that was not requested by ``recover``."""
        assert isinstance(self.message, StreamRequest)
        return self.message

    @property
    def admitted_trace(self) -> Trace:
        """The trace of a stream that is admitted or recovered."""
        assert self.trace is not None
        return self.trace

    @property
    def active_delivery(self) -> Delivery:
        """The delivery of a stream that has started."""
        assert self.delivery is not None
        return self.delivery

    @property
    def content_type(self) -> ContentType:
        return self.request.content_type if self.record is None else self.record.content_type

    @property
    def request_id(self) -> str | UnsetType:
        if isinstance(self.message, StreamRequest | Watch):
            return self.message.request_id
        return UNSET if self.record is None or self.record.request_id is None else self.record.request_id
