"""Who may go on with a stream, and where."""

from service.content.plan import Plan
from service.protocol.messages import RefusalReason
from service.session.delivery import Delivery
from service.session.effects import Recovery, TakeOver
from service.session.records import StreamRecord
from service.session.source import PlanSource
from service.session.tokens import opens


def refusal(record: StreamRecord | None, wish: TakeOver) -> RefusalReason | None:
    """Why the stream in the store is not for who asks; ``None`` if it is. Of a stranger's stream, nothing is told."""
    if record is None or record.session_id != wish.snapshot.session_id:
        return RefusalReason.UNKNOWN
    if wish.presented is not None and not opens(wish.presented, record.owners):
        return RefusalReason.UNKNOWN
    if record.session_incarnation != wish.snapshot.incarnation:
        return RefusalReason.SESSION_OVER
    return None


def can_follow(record: StreamRecord, plan: Plan, last_index: int) -> bool:
    """Whether there is exactly one way in which the stream can go on after the chunk ``last_index``."""
    following = last_index + 1
    skip_at = record.skip_at
    if skip_at is None or following <= skip_at:
        return following <= len(plan.chunks)
    return record.skip_settled and plan.merged_until(skip_at, following - skip_at) is not None


def resumed(recovery: Recovery, last_index: int, now: float) -> Delivery:
    """What is left of the stream after the chunk ``last_index``, which it ``can_follow``. Its next chunk is due."""
    plan, skip_at = recovery.plan, recovery.record.skip_at
    source = PlanSource(plan)
    if skip_at is not None:
        source.skip(skip_at)
    begin = source.seek(last_index + 1)
    bytes_before = len("".join(plan.chunks[:begin]).encode())
    delivery = Delivery(source, plan.gap_seconds, now, index=last_index + 1, bytes_before=bytes_before)
    if skip_at is not None:
        delivery.hurry(now)
    return delivery
