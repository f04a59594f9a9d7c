"""One live stream as the readers of this process see it."""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from service.content.live.piece import LiveCursor
from service.events import FaultSource
from service.live.lease import LEASE_SECONDS, STALLED_SECONDS, live_state
from service.live.ports import SourceStored, StreamTouched
from service.live.records import LiveRecord, LiveState, LiveStatus
from service.protocol.errors import ProcessingFailed, StreamingError
from service.protocol.messages import ContentType, HtmlMode
from service.publishing.awaited_definitions import AwaitedDefinitions
from service.publishing.conversion import Conversion
from service.publishing.feed_parts import FeedParts
from service.publishing.reading import Reading
from service.publishing.source_text import SourceText
from service.session.live_ports import WatchTarget
from service.session.ports import StoreUnavailable

POLL_SECONDS = 1.0
"""After this time without a notice the store is read: none may be missed for longer."""
_UNFAILED = {LiveStatus.OPEN, LiveStatus.COMPLETE}
_SOONEST_SECONDS = 0.001


class Feed:
    """Follows the source of a stream, by notices and by the store, and wakes its readers. Belongs to the event loop.

    Every notice may be lost, repeated or late: bytes are taken by their offset, and where some are missing, or after
    ``POLL_SECONDS`` of silence, the store is read.
    """

    def __init__(self, record: LiveRecord, parts: FeedParts) -> None:
        from service.content.live.live_content import LiveContent  # noqa: PLC0415 - is loaded after the start

        self.record = record
        self.epoch = record.epoch
        self.error: StreamingError | None = None
        self._parts = parts
        self._has_blocks = record.content_type is not ContentType.TEXT
        self._source = SourceText()
        self._conversion = Conversion(
            parts.create_document(record.content_type),
            LiveContent(is_text=not self._has_blocks, max_chunk_characters=parts.max_chunk_characters),
            parts.thread,
            self._on_change,
            parts.meter.held_back,
        )
        self._awaited = AwaitedDefinitions(parts.meter)
        self._status = LiveStatus.OPEN
        self._final_length: int | None = None
        """Of the source, once it is known."""
        self._heard_at = asyncio.get_running_loop().time() - record.silent_seconds
        self.state = self._current_state()
        """As the readers see it since they were woken for it. In a final state all of the source that is stored is in
        their view."""
        self._shown_epoch = self.epoch
        self._appends = None if record.length else 0
        """Until something can be shown; ``None`` after that, and if it cannot be counted."""
        self._readings: dict[Reading, None] = {}
        self._attaching = 0
        self._polling: asyncio.Task[None] | None = None
        self._polls_again = False
        self._loading: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def readers(self) -> int:
        return len(self._readings)

    @property
    def is_used(self) -> bool:
        """Whether it has readers, or will have some."""
        return bool(self._readings) or self._attaching > 0

    @property
    def lag_seconds(self) -> float:
        return self._conversion.lag_seconds

    async def attach(self, target: WatchTarget, on_change: Callable[[], None]) -> Reading:
        """Return a reading at ``target.settled``, or at what is settled here if the store has no more.

        Raises ``StoreUnavailable``.
        """
        self._attaching += 1
        try:
            await self._loaded()
            cursor = await self._cursor(target, target.settled)
            if cursor is None:
                await self._catch_up()
                cursor = await self._cursor(target, target.settled)
            start = target.settled
            if cursor is None:
                start = self._conversion.settled
                cursor = await self._cursor(target, start)
            assert cursor is not None, "settled does not decrease"
        finally:
            self._attaching -= 1
        waits_for_blocks = self._has_blocks and target.html_mode is HtmlMode.FRAGMENT
        reading = Reading(self, self._record(), cursor, start, on_change, waits_for_blocks=waits_for_blocks)
        self._readings[reading] = None
        return reading

    def detach(self, reading: Reading) -> None:
        """A second call does nothing."""
        self._readings.pop(reading, None)

    def receive(self, notice: SourceStored | StreamTouched) -> None:
        """Take what a notice has; ``advance`` shows it."""
        if self._closed or self._final_length is not None or self._conversion.is_complete:
            return
        now = asyncio.get_running_loop().time()
        self._heard_at = now
        self.epoch = max(self.epoch, notice.epoch)
        if isinstance(notice, SourceStored):
            if notice.data and self._appends is not None:
                self._appends += 1
            self._add(notice.offset, notice.data, now - notice.age_seconds)
            if notice.status is not LiveStatus.OPEN:
                self._end(notice.status, notice.offset + len(notice.data))

    def advance(self) -> None:
        """Convert what was received, and wake the readers if there is something new."""
        self._conversion.advance()
        self._wake_for_state()

    def close(self) -> None:
        """Release everything. Readers are not woken again."""
        self._closed = True
        self._stop_timer()
        self._conversion.close()
        self._awaited.close()
        self._readings.clear()
        for task in (self._polling, self._loading):
            if task is not None:
                task.cancel()

    # The source

    def _add(self, offset: int, data: bytes, arrived_at: float | None = None) -> None:
        text = self._source.add(offset, data)
        if text is None:
            self._poll_soon()
        elif text:
            self._conversion.put(text, arrived_at)

    def _end(self, status: LiveStatus, length: int) -> None:
        """The source is final; what is missing of it is read."""
        if self._source.length < length:
            self._poll_soon()
            return
        self._status = status
        self._final_length = length
        self._conversion.end()

    async def _loaded(self) -> None:
        """Have what was stored when the first reader came, once for all that come with it."""
        if self._loading is None:
            self._loading = asyncio.get_running_loop().create_task(self._catch_up())
            self._loading.add_done_callback(self._end_loading)
        await asyncio.shield(self._loading)

    def _end_loading(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is not None:
            self._loading = None  # the next reader tries again

    async def _catch_up(self) -> None:
        """Have all that is stored now in the document. Raises ``StoreUnavailable``."""
        await self._poll()
        self.advance()
        await self._conversion.caught_up()
        self._start_timer()

    async def _poll(self) -> None:
        """Read what is missing from the store. Raises ``StoreUnavailable``."""
        record = await self._parts.store.get(self.record.stream_id)
        if self._closed or self._final_length is not None:
            return
        if record is None:  # its time to live is over, or the store has lost it
            self._end(LiveStatus.ERROR, self._source.length)
            return
        now = asyncio.get_running_loop().time()
        self._heard_at = max(self._heard_at, now - record.silent_seconds)
        self.epoch = max(self.epoch, record.epoch)
        if record.length > self._source.length:
            start = self._source.length
            self._appends = None
            self._add(start, await self._parts.store.read(self.record.stream_id, start))
        if record.status is not LiveStatus.OPEN and self._source.length >= record.length and not self._closed:
            self._end(record.status, record.length)

    def _poll_soon(self) -> None:
        """Read the store, once for all reasons that there are."""
        if self._polling is None:
            self._polling = asyncio.get_running_loop().create_task(self._poll_in_background())
        else:
            self._polls_again = True

    async def _poll_in_background(self) -> None:
        try:
            while True:
                self._polls_again = False
                await self._poll()
                if not self._polls_again:
                    break
        except StoreUnavailable:
            pass  # the timer tries again; a dependency that is unavailable is recorded by its monitor
        except Exception as exception:  # noqa: BLE001 - as above
            self._parts.record_fault(self.record, exception, FaultSource.SESSION_STORE)
        finally:
            self._polling = None
        self.advance()
        self._start_timer()

    # Time

    def _start_timer(self) -> None:
        """Wake up when the store is to be read or the state changes."""
        if self._timer is not None or self._closed or self._conversion.is_complete:
            return
        loop = asyncio.get_running_loop()
        silent = loop.time() - self._heard_at
        marks = [mark - silent for mark in (POLL_SECONDS, STALLED_SECONDS, LEASE_SECONDS) if mark > silent]
        self._timer = loop.call_later(max(_SOONEST_SECONDS, min([POLL_SECONDS, *marks])), self._on_time)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_time(self) -> None:
        self._timer = None
        if asyncio.get_running_loop().time() - self._heard_at < POLL_SECONDS:
            self._start_timer()
        else:
            self._poll_soon()

    # The readers

    async def _cursor(self, target: WatchTarget, settled: int) -> LiveCursor | None:
        return await self._conversion.cursor(target.html_mode, target.chunk_by or self.record.chunk_by, settled)

    def _on_change(self) -> None:
        """The document has changed."""
        conversion = self._conversion
        if conversion.failure is not None and self.error is None:
            self._record_failure(conversion.failure)
        if self._has_blocks:
            waiting = sum(reading.waits_for_blocks for reading in self._readings)
            self._awaited.update(conversion.awaits_definition, waiting)
        self._count_first(conversion)
        if not self._wake_for_state():
            for reading in tuple(self._readings):
                if reading.has_more():
                    reading.on_change()

    def _record(self) -> LiveRecord:
        """The stream as it is now."""
        silent = max(0.0, asyncio.get_running_loop().time() - self._heard_at)
        return replace(
            self.record, epoch=self.epoch, length=self._source.length, status=self._status, silent_seconds=silent
        )

    def _wake_for_state(self) -> bool:
        """Wake all readers if the state has changed; return whether it has."""
        state = self._current_state()
        if state is self.state and self.epoch == self._shown_epoch:
            return False
        self.state, self._shown_epoch = state, self.epoch
        if self._conversion.is_complete:
            self._stop_timer()
        for reading in tuple(self._readings):
            reading.on_change()
        return True

    def _current_state(self) -> LiveState:
        if self._conversion.is_complete:
            failed = self._conversion.failure is not None and self._status in _UNFAILED
            return LiveState.ERROR if failed else live_state(self._status, 0.0)
        return live_state(LiveStatus.OPEN, asyncio.get_running_loop().time() - self._heard_at)

    def _count_first(self, conversion: Conversion) -> None:
        if self._appends is not None and conversion.has_content:
            self._parts.meter.first_shown(self._appends)
            self._appends = None

    def _record_failure(self, failure: Exception) -> None:
        if isinstance(failure, StreamingError):
            self.error = failure
        else:
            self.error = ProcessingFailed("The content could not be processed. Try again, or send it as text.")
        if not isinstance(failure, StreamingError) or failure.reportable:
            self._parts.record_fault(self.record, failure, FaultSource.CONTENT)
