"""Stores what the producers of this process append, many appends in one commit; then it is shown."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextvars import Context
from typing import NamedTuple

from service.events import LiveAppendsStored
from service.live.append_limits import GROUP_SECONDS, MAX_QUEUED_BYTES
from service.live.append_rule import Refusal
from service.live.ports import Appended, AppendResult, LiveStore, Refused, SourceStored
from service.live.records import Append, LiveStatus
from service.publishing.append_queue import AppendQueue, Merged, Waiting
from service.session.ports import Recorder, StoreUnavailable

TOUCH_SECONDS = 1.0
"""The most frequent renewal of a lease without a byte: a touch within this time after a commit costs nothing."""
MAX_WRITER_BYTES = 32 * 2**20
"""Of all streams of the process that wait."""

OnStored = Callable[[Sequence[SourceStored]], None]


class _Heard(NamedTuple):
    """The latest that was stored of a stream, or repeated."""

    epoch: int
    length: int
    at: float


class LiveWriter:
    """One for the process. It belongs to the event loop.

    A commit begins at once if none began in the last ``GROUP_SECONDS``, else when that time is over, and never before
    the last one has ended. It stores all that waits, the appends of each stream in the order of the calls. Then
    ``on_stored`` is called with what readers see now, and the callers get their results. So nothing is shown that is
    not stored.
    """

    def __init__(
        self,
        store: LiveStore,
        on_stored: OnStored,
        recorder: Recorder,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """A notice without new bytes shows that the producer was heard of. What ``on_stored`` raises is a fault.

        ``clock`` returns monotonic seconds, finer than that of the event loop.
        """
        self._store = store
        self._on_stored = on_stored
        self._recorder = recorder
        self._clock = clock
        self._queue = AppendQueue()
        self._bytes: dict[str, int] = {}
        self._total = 0
        self._heard: OrderedDict[str, _Heard] = OrderedDict()
        self._running: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def total_bytes(self) -> int:
        """Of all streams, that are not stored yet."""
        return self._total

    def queued_bytes(self, stream_id: str) -> int:
        """Of the stream, that are not stored yet."""
        return self._bytes.get(stream_id, 0)

    async def append(self, append: Append) -> AppendResult:
        """Return what became of it once it is stored. An append of nothing renews the lease.

        Refused as ``overloaded`` if too much waits already. Raises ``StoreUnavailable``: then it may have been stored,
        and the producer repeats it; so do those of the stream that waited behind it.
        """
        if self._closed:
            raise StoreUnavailable("The writer is closed")
        now = self._clock()
        heard = self._heard.get(append.stream_id)
        if heard is not None and self._is_superfluous(append, heard, now):
            return Appended(heard.length, b"", LiveStatus.OPEN)
        size = len(append.data)
        queued = self._bytes.get(append.stream_id, 0) + size
        if size and (queued > MAX_QUEUED_BYTES or self._total + size > MAX_WRITER_BYTES):
            return Refused(Refusal.OVERLOADED, append.offset)
        loop = asyncio.get_running_loop()
        waiting = Waiting(append, loop.create_future(), now)
        self._queue.put(waiting)
        self._bytes[append.stream_id] = queued
        self._total += size
        if self._running is None:
            # A context of its own: the commits belong to no caller.
            self._running = loop.create_task(self._run(), context=Context())
        return await waiting.result

    async def close(self) -> None:
        """Store what waits; refuse what comes."""
        self._closed = True
        while self._running is not None:
            await asyncio.wait([self._running])

    def _is_superfluous(self, append: Append, heard: _Heard, now: float) -> bool:
        """Whether it is a touch of a stream whose lease was renewed just now."""
        return (
            not append.data
            and append.ends is None
            and append.epoch == heard.epoch
            and append.offset <= heard.length
            and now - heard.at < TOUCH_SECONDS
            and append.stream_id not in self._queue
        )

    async def _run(self) -> None:
        """Commit until nothing waits, and for ``GROUP_SECONDS`` after the last beginning."""
        try:
            while self._queue:
                began = self._clock()
                await self._commit(self._queue.take())
                await asyncio.sleep(max(0.0, began + GROUP_SECONDS - self._clock()))
        finally:
            self._running = None

    async def _commit(self, group: Sequence[Merged]) -> None:
        began = self._clock()
        try:
            results = await self._store.append([merged.append for merged in group])
        except Exception as error:  # noqa: BLE001 - whatever it is, each caller needs it
            self._fail([*(part for merged in group for part in merged.parts), *self._queue.clear()], error)
            return
        now = self._clock()
        notices: list[SourceStored] = []
        parts: list[tuple[Waiting, AppendResult]] = []
        for merged, result in zip(group, results, strict=True):
            if isinstance(result, Refused) and len(merged.parts) > 1:
                self._queue.put_back(merged)
                continue
            parts.extend(merged.results(result))
            if isinstance(result, Appended):
                if not result.repeated:
                    notices.append(_notice(merged, result, now))
                self._remember(merged.append, result, now)
            else:
                self._heard.pop(merged.append.stream_id, None)
        self._release(part for part, _ in parts)
        self._forget(now)
        self._record(notices, parts, began, now)
        self._show(notices)
        for part, result in parts:
            if not part.result.done():
                part.result.set_result(result)

    def _show(self, notices: Sequence[SourceStored]) -> None:
        try:
            if notices:
                self._on_stored(notices)
        except Exception as error:  # noqa: BLE001 - what is stored is stored: producers go on
            asyncio.get_running_loop().call_exception_handler({"message": "on_stored failed", "exception": error})

    def _remember(self, append: Append, result: Appended, now: float) -> None:
        self._heard.pop(append.stream_id, None)
        if result.status is LiveStatus.OPEN:
            self._heard[append.stream_id] = _Heard(append.epoch, result.length, now)

    def _forget(self, now: float) -> None:
        """Forget the streams of which nothing was stored for ``TOUCH_SECONDS``."""
        while self._heard and now - next(iter(self._heard.values())).at >= TOUCH_SECONDS:
            self._heard.popitem(last=False)

    def _release(self, parts: Iterable[Waiting]) -> None:
        for part in parts:
            size, stream_id = len(part.append.data), part.append.stream_id
            self._total -= size
            left = self._bytes.get(stream_id, 0) - size
            if left > 0:
                self._bytes[stream_id] = left
            else:
                self._bytes.pop(stream_id, None)

    def _fail(self, parts: Sequence[Waiting], error: Exception) -> None:
        self._release(parts)
        for part in parts:
            if not part.result.done():
                part.result.set_exception(error)

    def _record(
        self,
        notices: Sequence[SourceStored],
        parts: Sequence[tuple[Waiting, AppendResult]],
        began: float,
        now: float,
    ) -> None:
        stored = [part for part, result in parts if isinstance(result, Appended)]
        if stored:
            self._recorder.record(
                LiveAppendsStored(
                    streams=len({notice.stream_id for notice in notices}),
                    appends=len(stored),
                    bytes=sum(len(notice.data) for notice in notices),
                    seconds=now - began,
                    longest_seconds=now - min(part.received_at for part in stored),
                    undurable_bytes=self._total,
                )
            )


def _notice(merged: Merged, result: Appended, now: float) -> SourceStored:
    append = merged.append
    offset = result.length - len(result.data)
    age = now - merged.parts[0].received_at
    return SourceStored(append.stream_id, append.epoch, offset, result.data, result.status, age)
