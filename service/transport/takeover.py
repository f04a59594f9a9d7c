"""Moves a stream from wherever it was to the connection that asks for it."""

from contextlib import suppress

from service.core.content import UnreadablePlan
from service.core.effects import Recovery, TakeOver
from service.core.messages import RefusalReason
from service.core.ports import ContentEngine, Ids, SessionStore, StoreAway
from service.core.records import StreamRecord
from service.core.recovery import can_follow, refusal

_ATTEMPTS = 5
"""Each fails only if another connection takes the same stream at the same moment."""


async def take_over(wish: TakeOver, store: SessionStore, engine: ContentEngine, ids: Ids) -> Recovery | RefusalReason:
    """The stream, of which nobody else can store anything any more; or why not."""
    try:
        for _ in range(_ATTEMPTS):
            record = await store.find(wish.stream_id)
            reason = refusal(record, wish)
            if reason is not None or record is None:
                return reason or RefusalReason.UNKNOWN
            plan = await engine.unpacked(record.plan)
            if not can_follow(record, plan, wish.last_index):
                return RefusalReason.POSITION
            if not await store.take(record.stream_id, record.epoch, wish.owner):
                continue
            # Whoever had it may have changed it until then, and cannot any more.
            taken = await store.find(wish.stream_id)
            if taken is None or taken.epoch != record.epoch + 1:
                continue
            if not can_follow(taken, plan, wish.last_index):
                return RefusalReason.POSITION
            await _settle(taken, store)
            return Recovery(taken, plan, ids.continued(taken.trace))
    except StoreAway:
        pass
    except UnreadablePlan:
        return RefusalReason.VERSION
    return RefusalReason.UNAVAILABLE


async def _settle(record: StreamRecord, store: SessionStore) -> None:
    """If it was skipped, merged chunks follow now, whatever came of it before."""
    if record.skip_at is not None and not record.skip_settled:
        with suppress(StoreAway):
            await store.mark_skip(record.stream_id, record.epoch, record.skip_at, settled=True)
