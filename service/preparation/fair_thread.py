"""A thread that works for many clients, in the order of a ``FairQueue``."""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar, cast

from msgspec import Struct

from service.events import ContentQueueChanged, ContentRefused, ContentWorked, ContentWorker, Event, RefusedBecause
from service.preparation.fair_queue import Entry, FairQueue
from service.preparation.work_limits import WorkLimits
from service.protocol.errors import ServerBusy
from service.session.ports import Recorder

_Result = TypeVar("_Result")


class Turn(Struct, frozen=True):
    """Whose turn a piece of work is, and how much it is expected to take."""

    client: str
    """Clients share the thread equally. Any string that stands for a client: a session, an address or a principal."""
    cost_seconds: float
    """An estimate of the processor time, replaced by the measured one afterwards."""
    size_bytes: int
    """Of the content, which stays in memory until then."""


class _Call:
    """Work with the future of its caller."""

    __slots__ = ("cpu_seconds", "future", "queued_at", "waited_seconds", "work")

    def __init__(self, work: Callable[[], object], future: asyncio.Future[object], queued_at: float) -> None:
        self.work = work
        self.future = future
        self.queued_at = queued_at
        self.waited_seconds = 0.0
        self.cpu_seconds = 0.0

    def fail(self, error: BaseException) -> None:
        """In the event loop."""
        if not self.future.done():
            self.future.set_exception(error)


class FairThread:
    """Runs work for the coroutines of one event loop, one piece at a time, and shares the thread among clients.

    The thread starts with the first work. ``on_idle`` is called in it after ``idle_seconds`` without work.
    """

    def __init__(  # noqa: PLR0913 - independent settings and components
        self,
        worker: ContentWorker,
        limits: WorkLimits,
        recorder: Recorder,
        *,
        cpu_clock: Callable[[], float] = time.thread_time,
        idle_seconds: float | None = None,
        on_idle: Callable[[], object] = lambda: None,
    ) -> None:
        """``cpu_clock`` returns the processor time used so far, in seconds; it is called in the thread."""
        self._worker = worker
        self._limits = limits
        self._recorder = recorder
        self._cpu_clock = cpu_clock
        self._idle_seconds = idle_seconds
        self._on_idle = on_idle
        self._changed = threading.Condition()
        self._queue = FairQueue[_Call](limits.max_queue_bytes, time.monotonic())
        """Guarded by ``_changed``, as are the next three."""
        self._serving = 0
        self._closing = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        """That of the first caller, which is that of all others."""

    async def run(self, turn: Turn, work: Callable[[], _Result]) -> _Result:
        """Return the result of ``work``, done when its turn comes. If cancelled while it waits, it is not done.

        Raises ``ServerBusy`` if the queue has no place, or if it waited for too long.
        """
        loop = asyncio.get_running_loop()
        now = time.monotonic()
        call = _Call(work, loop.create_future(), now)
        with self._changed:
            if self._closing:
                raise RuntimeError("The content engine is closed.")
            entry, refused = self._queue.add(
                turn.client, call, now, cost_seconds=turn.cost_seconds, size_bytes=turn.size_bytes
            )
            if self._thread is None:
                self._loop = loop
                self._thread = threading.Thread(target=self._serve, name=self._worker.thread, daemon=True)
                self._thread.start()
            self._changed.notify()
        self._record_length()
        for other in refused:
            self._refuse(other, RefusedBecause.QUEUE_FULL)
        timer = loop.call_later(self._limits.max_wait_seconds, self._refuse_waiting, entry)
        try:
            return cast("_Result", await call.future)
        finally:
            timer.cancel()
            if self._remove(entry):
                self._record_length()

    def close(self) -> None:
        """Cancel what waits; work in progress is not waited for. Called in the event loop."""
        with self._changed:
            self._closing = True
            waiting: list[_Call] = []
            while (entry := self._queue.take(time.monotonic())) is not None:
                self._queue.finish(entry, 0.0, time.monotonic())
                waiting.append(entry.item)
            self._changed.notify()
        for call in waiting:
            call.future.cancel()

    def _remove(self, entry: Entry[_Call]) -> bool:
        with self._changed:
            return self._queue.remove(entry, time.monotonic())

    def _refuse_waiting(self, entry: Entry[_Call]) -> None:
        if self._remove(entry):
            self._record_length()
            self._refuse(entry, RefusedBecause.WAITED)

    def _refuse(self, entry: Entry[_Call], reason: RefusedBecause) -> None:
        self._recorder.record(ContentRefused(self._worker, reason))
        seconds = self._limits.max_wait_seconds
        entry.item.fail(ServerBusy(f"The server has too much content to prepare. Try again in {seconds:g} s.", seconds))

    def _record_length(self) -> None:
        with self._changed:
            requests = len(self._queue) + self._serving
        self._recorder.record(ContentQueueChanged(self._worker, requests))

    # In the thread

    def record(self, event: Event) -> None:
        """Record an event of the work in progress, in the event loop."""
        self._call_in_loop(self._recorder.record, event)

    def _call_in_loop(self, callback: Callable[..., object], *arguments: object) -> None:
        assert self._loop is not None
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _serve(self) -> None:
        while (entry := self._take()) is not None:
            call = entry.item
            began = self._cpu_clock()
            try:
                finish = partial(_succeed, call, call.work())
            except BaseException as error:  # noqa: BLE001 - every exception belongs to the caller
                finish = partial(call.fail, error)
            call.cpu_seconds = self._cpu_clock() - began
            with self._changed:
                self._queue.finish(entry, call.cpu_seconds, time.monotonic())
                self._serving = 0
            self._call_in_loop(self._finish, call, finish)
            del entry, call, finish  # a thread that waits keeps no content

    def _take(self) -> Entry[_Call] | None:
        """Wait for the next work; return ``None`` at the end."""
        with self._changed:
            while not self._closing:
                now = time.monotonic()
                if (entry := self._queue.take(now)) is not None:
                    entry.item.waited_seconds = now - entry.item.queued_at
                    self._serving = 1
                    return entry
                if not self._changed.wait(self._idle_seconds):
                    self._on_idle()
        return None

    # In the event loop

    def _finish(self, call: _Call, finish: Callable[[], object]) -> None:
        self._record_length()
        self._recorder.record(ContentWorked(self._worker, call.waited_seconds, call.cpu_seconds))
        finish()


def _succeed(call: _Call, result: object) -> None:
    if not call.future.done():
        call.future.set_result(result)
