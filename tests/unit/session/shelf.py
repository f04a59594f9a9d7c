"""A store without time: what the machines of a test keep, and find again."""

from msgspec.structs import replace

from service.content import Plan, pack_plan, unpack_plan
from service.protocol.messages import RefusalReason
from service.protocol.trace import Trace
from service.session.effects import MarkSkip, Prepare, Recovery, TakeOver, UpdateStatus
from service.session.records import StreamRecord, StreamStatus
from service.session.recovery import can_follow, refusal


class Shelf:
    """Records by stream. ``away`` is a store that does not answer; what was asked of it is ``done_all_the_same``."""

    def __init__(self) -> None:
        self.records: dict[str, StreamRecord] = {}
        self.notes: list[UpdateStatus] = []
        self.away = False
        self.done_all_the_same = False

    def put(self, effect: Prepare, plan: Plan) -> bool:
        if self.away or not effect.owners:
            return False
        request_id = effect.request.request_id
        self.records[effect.stream_id] = StreamRecord(
            stream_id=effect.stream_id,
            session_id=effect.snapshot.session_id,
            session_incarnation=effect.snapshot.incarnation,
            owners=effect.owners,
            content_type=effect.request.content_type,
            request_id=request_id if isinstance(request_id, str) else None,
            trace=effect.trace,
            plan=pack_plan(plan),
            processing_seconds=0.002,
        )
        return True

    def acquire(self, wish: TakeOver) -> Recovery | RefusalReason:
        record = self.records.get(wish.stream_id)
        reason = refusal(record, wish)
        if self.away:
            return RefusalReason.UNAVAILABLE
        if reason is not None or record is None:
            return reason or RefusalReason.UNKNOWN
        plan = unpack_plan(record.plan)
        if not can_follow(record, plan, wish.last_index):
            return RefusalReason.POSITION
        owners = tuple(dict.fromkeys((*record.owners, wish.owner)))
        taken = replace(record, epoch=record.epoch + 1, owners=owners)
        self.records[wish.stream_id] = replace(taken, skip_settled=record.skip_at is not None)
        return Recovery(taken, plan, Trace(record.trace.trace_id, "d" * 16, sampled=True))

    def mark_skip(self, effect: MarkSkip) -> bool:
        record = self.records.get(effect.stream_id)
        at_epoch = record is not None and record.epoch == effect.epoch
        if record is not None and at_epoch and (self.done_all_the_same or not self.away):
            self.records[effect.stream_id] = replace(record, skip_at=effect.index, skip_settled=not self.away)
        return at_epoch and not self.away

    def update_status(self, note: UpdateStatus) -> None:
        self.notes.append(note)
        record = self.records.get(note.stream_id)
        if self.away or record is None or record.epoch != note.epoch:
            return
        match note.change:
            case StreamStatus.PAUSED | StreamStatus.RESUMED:
                self.records[note.stream_id] = replace(record, paused=note.change is StreamStatus.PAUSED)
            case StreamStatus.ENDED:
                self.records[note.stream_id] = replace(record, counted=True)
            case StreamStatus.ACKNOWLEDGED:
                del self.records[note.stream_id]
