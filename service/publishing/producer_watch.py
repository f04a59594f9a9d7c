"""Notices producers that are silent, lost or done, for all readers and for telemetry."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from service.events import (
    FaultRaised,
    FaultSource,
    LiveOutcome,
    LiveStreamEnded,
    LiveStreamsCounted,
    ProducerContinued,
    ProducerLost,
    ProducerStalled,
)
from service.live.lease import LEASE_SECONDS, STALLED_SECONDS
from service.live.ports import LiveNotice, LiveStore, SourceStored
from service.live.records import LiveRecord, LiveStatus
from service.protocol.instant import Instant
from service.session.ports import Recorder, StoreUnavailable

PERIOD_SECONDS = 1.0
_MOST_READ = 100
"""Records of silent streams that one check reads."""
_MOST_ENDED = 10_000
"""Streams that are remembered as ended: a producer that repeats the end ends nothing."""
_OUTCOMES = {
    LiveStatus.COMPLETE: LiveOutcome.COMPLETE,
    LiveStatus.ERROR: LiveOutcome.ERROR,
    LiveStatus.CANCELLED: LiveOutcome.CANCELLED,
}


class ProducerWatch:
    """Ends what no producer adopts, and records what happens to producers: each of it in one of the processes.

    ``stored`` is for the notices of the writer of this process, and ``noticed`` for those of all. A producer that
    several processes hear has stalled when the store has not heard of it either.
    """

    def __init__(
        self,
        store: LiveStore,
        notify: Callable[[LiveNotice], None],
        recorder: Recorder,
        clock: Callable[[], Instant],
        new_id: Callable[[], str],
    ) -> None:
        """``notify`` passes a notice to the readers of all processes."""
        self._store = store
        self._notify = notify
        self._recorder = recorder
        self._clock = clock
        self._new_id = new_id
        self._heard: OrderedDict[str, float] = OrderedDict()
        """When this process last heard of the producers of open streams, the longest ago first."""
        self._stalled: dict[str, tuple[LiveRecord, float]] = {}
        """Those that are recorded as stalled, with when they were heard of."""
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._unrecorded: dict[str, LiveStatus] = {}
        """Those of them that are not recorded yet."""

    def stored(self, notices: Sequence[SourceStored]) -> None:
        """Some producers were heard of."""
        now = self._clock().seconds
        for notice in notices:
            stream_id = notice.stream_id
            self._heard.pop(stream_id, None)
            stalled = self._stalled.pop(stream_id, None)
            if stalled is not None:
                record, heard_at = stalled
                self._recorder.record(
                    ProducerContinued(record.session_id, stream_id, record.trace, max(0.0, now - heard_at))
                )
            if notice.status is LiveStatus.OPEN:
                self._heard[stream_id] = now
            elif stream_id not in self._ended:
                self._unrecorded[stream_id] = notice.status
                self._remember(stream_id)

    def noticed(self, notice: LiveNotice) -> None:
        """Something happened in any process. What ended a stream is recorded there, as is a cancellation."""
        if isinstance(notice, SourceStored) and notice.status is not LiveStatus.OPEN:
            self._heard.pop(notice.stream_id, None)
            self._remember(notice.stream_id)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Check periodically while the context lasts."""
        task = asyncio.create_task(self._check_periodically())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            with suppress(StoreUnavailable):
                await self._record_ended()

    async def check(self) -> None:
        """Check once. Raises ``StoreUnavailable``: what was not done is done by the next call."""
        await self._record_ended()
        expiry = await self._store.expire()
        self._recorder.record(LiveStreamsCounted(expiry.open, expiry.stalled, expiry.interrupted))
        for record in expiry.lost:
            self._recorder.record(ProducerLost(record.session_id, record.stream_id, record.trace, record.length))
        for record in expiry.abandoned:
            self._end(record, LiveOutcome.ABANDONED, self._clock().wall)
            self._notify(SourceStored(record.stream_id, record.epoch, record.length, b"", record.status))
        await self._record_stalled()

    def _remember(self, stream_id: str) -> None:
        self._ended[stream_id] = None
        if len(self._ended) > _MOST_ENDED:
            self._ended.popitem(last=False)

    async def _record_ended(self) -> None:
        for stream_id, status in list(self._unrecorded.items()):
            record = await self._store.get(stream_id)
            self._unrecorded.pop(stream_id, None)
            if record is not None:
                self._end(record, _OUTCOMES[status], self._clock().wall - record.silent_seconds)

    def _end(self, record: LiveRecord, outcome: LiveOutcome, ended_at: float) -> None:
        self._recorder.record(LiveStreamEnded.of(record, outcome, ended_at))

    async def _record_stalled(self) -> None:
        now = self._clock().seconds
        self._stalled = {one: (_, at) for one, (_, at) in self._stalled.items() if now - at < LEASE_SECONDS}
        silent = [one for one, at in self._heard.items() if now - at >= STALLED_SECONDS]
        for stream_id in silent[:_MOST_READ]:
            heard_at = self._heard[stream_id]
            record = await self._store.get(stream_id)
            if self._heard.get(stream_id) != heard_at:
                continue  # heard of since
            del self._heard[stream_id]
            if record is not None and record.status is LiveStatus.OPEN and record.silent_seconds >= STALLED_SECONDS:
                self._stalled[stream_id] = record, heard_at
                self._recorder.record(ProducerStalled(record.session_id, stream_id, record.trace))

    async def _check_periodically(self) -> None:
        while True:
            await asyncio.sleep(PERIOD_SECONDS)
            try:
                await self.check()
            except StoreUnavailable:
                pass  # a dependency that is unavailable is recorded by its monitor
            except Exception as exception:  # noqa: BLE001 - the next call may succeed
                self._recorder.record(FaultRaised(self._new_id(), FaultSource.SESSION_STORE, exception))
