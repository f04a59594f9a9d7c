"""Cancels live streams, for readers and for producers."""

from collections.abc import Callable

from service.events.live import LiveOutcome, LiveStreamEnded
from service.live.ports import LiveNotice, LiveStore, SourceStored
from service.live.records import LiveRecord
from service.protocol.instant import Instant
from service.session.ports import Recorder


class Cancellation:
    """``notify`` passes a notice to the readers and the producers of all processes."""

    def __init__(
        self,
        store: LiveStore,
        notify: Callable[[LiveNotice], None],
        recorder: Recorder,
        clock: Callable[[], Instant],
    ) -> None:
        self._store = store
        self._notify = notify
        self._recorder = recorder
        self._clock = clock

    async def cancel(self, stream_id: str) -> LiveRecord | None:
        """End an open stream as cancelled; return it, or one that had ended as it is. ``None`` if there is none.

        Raises ``StoreUnavailable``.
        """
        record = await self._store.cancel(stream_id)
        if record is None:
            return await self._store.get(stream_id)
        self._recorder.record(LiveStreamEnded.of(record, LiveOutcome.CANCELLED, self._clock().wall))
        self._notify(SourceStored(stream_id, record.epoch, record.length, b"", record.status))
        return record
