"""Recovery: who may recover a stream, from which chunk it continues, and how a skip is stored for it.

``recover_stream`` and ``store_skip`` are generators: they yield effects, receive their results and return a decision.
Ownership is transferred by the epoch: ``acquire`` succeeds at one epoch only, and every change of a stream names its
own, so that a connection that has lost a stream cannot change it any more.
"""

from collections.abc import Generator
from typing import TypeVar

from msgspec import Struct

from service.content.plan import Plan
from service.protocol.messages import RefusalReason
from service.protocol.trace import Trace
from service.session import effects
from service.session.delivery import Delivery
from service.session.records import Digest, SessionSnapshot, StreamRecord
from service.session.source import PlanSource
from service.session.tokens import token_matches

_Decision = TypeVar("_Decision")
EffectSequence = Generator[effects.Effect, effects.EffectResult | None, _Decision]
"""Started with ``send(None)``; then each ``send`` takes the result of the effect that it returned last."""

_ATTEMPTS = 5
"""An attempt fails only if another connection acquires the same stream at the same moment."""


class RecoveryTarget(Struct, frozen=True):
    """The stream that a client asks for."""

    stream_id: str
    last_index: int
    """The index of the last chunk that the client has; -1 for none."""
    presented: Digest | None
    """Of the token of a ``recover``; ``None`` for a repeated request, whose claim the store has checked."""


class RecoveredStream(Struct, frozen=True):
    """A stored stream that belongs to this connection now."""

    record: StreamRecord
    """At the new epoch."""
    plan: Plan
    trace: Trace


def check_recoverable(
    record: StreamRecord | None, presented: Digest | None, snapshot: SessionSnapshot
) -> RefusalReason | None:
    """Return why the stream may not be recovered; ``None`` if it may.

    A stream of another session (also one with the same id in another space) and one of another token are ``UNKNOWN``:
    a client learns nothing about them.
    """
    if record is None or record.session_key != snapshot.session_key:
        return RefusalReason.UNKNOWN
    if presented is not None and not token_matches(presented, record.owners):
        return RefusalReason.UNKNOWN
    if record.session_incarnation != snapshot.incarnation:
        return RefusalReason.SESSION_OVER
    return None


def can_follow(record: StreamRecord, plan: Plan, last_index: int) -> bool:
    """Whether exactly one chunk, or the end, can follow the chunk ``last_index``."""
    following = last_index + 1
    skip_at = record.skip_at
    if skip_at is None or following <= skip_at:
        return following <= len(plan.chunks)
    return record.skip_settled and plan.merged_until(skip_at, following - skip_at) is not None


def recover_stream(
    ticket: int, target: RecoveryTarget, owner: Digest, snapshot: SessionSnapshot
) -> EffectSequence[RecoveredStream | RefusalReason]:
    """Move a stored stream to the connection of ``owner``; return it, or why it cannot be recovered.

    A connection that began without the store joins its session first.

    If the stream was skipped, merged chunks follow from now on, so the skip is settled. A failure of that changes
    nothing: a later recovery refuses the positions that the skip leaves open.
    """
    try:
        if not snapshot.shared:
            snapshot = yield from _join(ticket, snapshot)
        for _ in range(_ATTEMPTS):
            recovered = yield from _try_to_recover(ticket, target, owner, snapshot)
            if recovered is not None:
                record = recovered.record
                if record.skip_at is not None and not record.skip_settled:
                    yield effects.MarkSkip(
                        ticket, record.stream_id, record.trace, record.epoch, record.skip_at, settled=True
                    )
                return recovered
    except _Refused as refused:
        return refused.reason
    return RefusalReason.UNAVAILABLE


class _Refused(Exception):
    def __init__(self, reason: RefusalReason) -> None:
        super().__init__(reason)
        self.reason = reason


def _join(ticket: int, snapshot: SessionSnapshot) -> EffectSequence[SessionSnapshot]:
    joined = yield effects.JoinSession(ticket, snapshot)
    if not isinstance(joined, effects.SessionJoined):
        raise _Refused(RefusalReason.UNAVAILABLE)
    return joined.snapshot


def _try_to_recover(
    ticket: int, target: RecoveryTarget, owner: Digest, snapshot: SessionSnapshot
) -> EffectSequence[RecoveredStream | None]:
    """Return ``None`` if another connection acquired the stream first. Raises ``_Refused``.

    The record is read again after the acquisition, because its former owner may have changed it before; after it, no
    other connection can.
    """
    record = yield from _get_stream(ticket, target.stream_id)
    reason = check_recoverable(record, target.presented, snapshot)
    if record is None or reason is not None:
        raise _Refused(reason or RefusalReason.UNKNOWN)
    unpacked = yield effects.UnpackPlan(ticket, record.plan)
    if isinstance(unpacked, effects.PlanUnreadable):
        raise _Refused(RefusalReason.VERSION)
    if not isinstance(unpacked, effects.PlanUnpacked):
        raise _Refused(RefusalReason.UNAVAILABLE)
    _check_position(record, unpacked.plan, target)
    decision = yield effects.AcquireStream(ticket, record.stream_id, record.epoch, owner, record.trace)
    if not isinstance(decision, effects.AcquisitionDecided):
        raise _Refused(RefusalReason.UNAVAILABLE)
    if not decision.acquired:
        return None
    acquired = yield from _get_stream(ticket, target.stream_id)
    if acquired is None or acquired.epoch != record.epoch + 1:
        return None
    _check_position(acquired, unpacked.plan, target)
    return RecoveredStream(acquired, unpacked.plan, decision.trace)


def _get_stream(ticket: int, stream_id: str) -> EffectSequence[StreamRecord | None]:
    fetched = yield effects.GetStream(ticket, stream_id)
    if not isinstance(fetched, effects.StreamFetched):
        raise _Refused(RefusalReason.UNAVAILABLE)
    return fetched.record


def _check_position(record: StreamRecord, plan: Plan, target: RecoveryTarget) -> None:
    if not can_follow(record, plan, target.last_index):
        raise _Refused(RefusalReason.POSITION)


def store_skip(ticket: int, stream_id: str, trace: Trace, epoch: int, index: int) -> EffectSequence[bool]:
    """Store a skip in two phases; return whether the chunks from ``index`` on may be merged.

    The first phase stores the index, so that a recovery after a crash does not assume chunks that were never merged. If
    it fails, or another connection has acquired the stream, chunks stay unmerged: they are right in any case. After it,
    merged chunks follow whatever the second phase returns.
    """
    marked = yield effects.MarkSkip(ticket, stream_id, trace, epoch, index, settled=False)
    if not isinstance(marked, effects.SkipMarked) or not marked.marked:
        return False
    yield effects.MarkSkip(ticket, stream_id, trace, epoch, index, settled=True)
    return True


def continue_delivery(recovered: RecoveredStream, last_index: int, now: float) -> Delivery:
    """Return the delivery of the chunks after ``last_index``, which ``can_follow``. The next chunk is due."""
    plan, skip_at = recovered.plan, recovered.record.skip_at
    source = PlanSource(plan)
    if skip_at is not None:
        source.skip(skip_at)
    start = source.seek(last_index + 1)
    bytes_before = len(plan.chunks.text[: plan.chunks.bounds[start]].encode())
    delivery = Delivery(source, plan.gap_seconds, now, index=last_index + 1, bytes_before=bytes_before)
    if skip_at is not None:
        delivery.flush(now)
    return delivery
