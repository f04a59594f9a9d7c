"""Moves a stream from wherever it was to the connection that asks for it."""

from contextlib import suppress

from service.content import UnreadablePlan
from service.protocol.messages import RefusalReason
from service.session.effects import Recovery, TakeOver
from service.session.ports import ContentEngine, Ids, SessionStore, StoreUnavailable
from service.session.records import StreamRecord
from service.session.recovery import can_follow, refusal

_ATTEMPTS = 5
"""Each fails only if another connection takes the same stream at the same moment."""


async def take_over(wish: TakeOver, store: SessionStore, engine: ContentEngine, ids: Ids) -> Recovery | RefusalReason:
    """The stream, of which nobody else can store anything any more; or why not."""
    try:
        for _ in range(_ATTEMPTS):
            record = await store.get(wish.stream_id)
            reason = refusal(record, wish)
            if reason is not None or record is None:
                return reason or RefusalReason.UNKNOWN
            plan = await engine.unpack_plan(record.plan)
            if not can_follow(record, plan, wish.last_index):
                return RefusalReason.POSITION
            if not await store.acquire(record.stream_id, record.epoch, wish.owner):
                continue
            # Whoever had it may have changed it until then, and cannot any more.
            taken = await store.get(wish.stream_id)
            if taken is None or taken.epoch != record.epoch + 1:
                continue
            if not can_follow(taken, plan, wish.last_index):
                return RefusalReason.POSITION
            await _settle(taken, store)
            return Recovery(taken, plan, ids.continue_trace(taken.trace))
    except StoreUnavailable:
        pass
    except UnreadablePlan:
        return RefusalReason.VERSION
    return RefusalReason.UNAVAILABLE


async def _settle(record: StreamRecord, store: SessionStore) -> None:
    """If it was skipped, merged chunks follow now, whatever came of it before."""
    if record.skip_at is not None and not record.skip_settled:
        with suppress(StoreUnavailable):
            await store.mark_skip(record.stream_id, record.epoch, record.skip_at, settled=True)
