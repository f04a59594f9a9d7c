"""A store without time: what the machines of a test keep, and find again."""

from msgspec.structs import replace

from service.core.content import Plan, packed, unpacked
from service.core.effects import MarkSkip, Note, Prepare, Recovery, TakeOver
from service.core.messages import RefusalReason
from service.core.records import Change, StreamRecord
from service.core.recovery import can_follow, refusal
from service.core.trace import Trace


class Shelf:
    """Records by stream. ``away`` is a store that does not answer; what was asked of it is ``done_all_the_same``."""

    def __init__(self) -> None:
        self.records: dict[str, StreamRecord] = {}
        self.notes: list[Note] = []
        self.away = False
        self.done_all_the_same = False

    def keep(self, effect: Prepare, plan: Plan) -> bool:
        if self.away or not effect.owners:
            return False
        request_id = effect.request.request_id
        self.records[effect.stream_id] = StreamRecord(
            stream_id=effect.stream_id,
            session_id=effect.lease.session_id,
            session_epoch=effect.lease.epoch,
            owners=effect.owners,
            content_type=effect.request.content_type,
            request_id=request_id if isinstance(request_id, str) else None,
            trace=effect.trace,
            plan=packed(plan),
            processing_seconds=0.002,
        )
        return True

    def take(self, wish: TakeOver) -> Recovery | RefusalReason:
        record = self.records.get(wish.stream_id)
        reason = refusal(record, wish)
        if self.away:
            return RefusalReason.UNAVAILABLE
        if reason is not None or record is None:
            return reason or RefusalReason.UNKNOWN
        plan = unpacked(record.plan)
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

    def note(self, note: Note) -> None:
        self.notes.append(note)
        record = self.records.get(note.stream_id)
        if self.away or record is None or record.epoch != note.epoch:
            return
        match note.change:
            case Change.PAUSED | Change.RESUMED:
                self.records[note.stream_id] = replace(record, paused=note.change is Change.PAUSED)
            case Change.ENDED:
                self.records[note.stream_id] = replace(record, counted=True)
            case Change.ACKNOWLEDGED:
                del self.records[note.stream_id]
