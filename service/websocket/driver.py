"""Drives one connection: reads into the machine, carries out its steps, and is the only writer of the socket."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any, assert_never

from msgspec import UNSET, Struct
from msgspec.structs import replace

from service.events import FaultRaised, FaultSource
from service.protocol.close_codes import CloseCode
from service.protocol.errors import InternalError, ProcessingFailed, StreamingError
from service.protocol.instant import Instant
from service.protocol.trace import parse_trace_context
from service.session.effects import Admit, Admittance, Failure, MarkSkip, Prepare, Recovery, TakeOver, UpdateStatus
from service.session.machine import SessionMachine
from service.session.ports import (
    Connection,
    ContentEngine,
    Ids,
    Preparation,
    PreparationFailed,
    Recorder,
    SessionStore,
    StoreUnavailable,
)
from service.session.records import StreamRecord
from service.session.step import Step
from service.websocket.message_writer import MessageWriter
from service.websocket.takeover import take_over
from service.websocket.ticker import Ticker

_Task = Admit | Prepare | TakeOver | MarkSkip
"""The effects that are answered."""


class Services(Struct, frozen=True):
    """What all drivers of a process share."""

    store: SessionStore
    engine: ContentEngine
    ids: Ids
    recorder: Recorder
    ticker: Ticker
    writer: MessageWriter
    clock: Callable[[], Instant]


class Driver:
    """One connection from its acceptance to its end. ``slot``, ``wake_at`` and ``wake`` are the ticker's."""

    __slots__ = (
        "__weakref__",
        "_blocked",
        "_connection",
        "_machine",
        "_services",
        "_tasks",
        "_unsent_bytes",
        "slot",
        "wake_at",
    )

    def __init__(self, connection: Connection, machine: SessionMachine, services: Services) -> None:
        self._connection = connection
        self._machine = machine
        self._services = services
        self._blocked = False
        self._unsent_bytes = 0
        """At the last look at a blocked socket."""
        self._tasks: dict[int, asyncio.Task[None]] = {}
        """The effect under way of each ticket."""
        self.slot: int | None = None
        self.wake_at = 0.0

    async def run(self, receive: Callable[[], Awaitable[MutableMapping[str, Any]]]) -> None:
        """Until the socket is gone; leaves no task, timer or reference behind."""
        close_code: int = CloseCode.ABNORMAL
        self._connection.on_unblocked = self._unblocked
        try:
            self._take(self._machine.open)
            while (event := await receive())["type"] == "websocket.receive":
                text = event.get("text")
                self._take(self._machine.receive, event["bytes"] if text is None else text)
                if self._connection.congested:
                    await self._connection.wait_writable()
                await asyncio.sleep(0)  # a queue that is never empty must not keep the others waiting
            close_code = event["code"]
        finally:
            self._connection.on_unblocked = None
            self._take(self._machine.closed, close_code)
            self._services.ticker.cancel(self)
            for task in self._tasks.values():
                task.cancel()

    def wake(self, now: Instant) -> None:
        try:
            if self._blocked and (unsent_bytes := self._connection.unsent_bytes) < self._unsent_bytes:
                self._unsent_bytes = unsent_bytes
                self._apply(self._machine.progressed(now))
            else:
                self._apply(self._machine.tick(now))
        except Exception as exception:  # noqa: BLE001 - the outermost guard of this connection
            self._fault(exception)

    @property
    def held(self) -> tuple[str, int] | None:
        """The stream under way and its epoch, if it is in the store."""
        return self._machine.held

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """Another connection has taken the stream that was held at ``epoch``."""
        self._take(self._machine.lose_lease, stream_id, epoch)

    def drain(self) -> None:
        """Finish what runs, then close with 1012."""
        self._take(self._machine.drain)

    def shutdown(self) -> None:
        """Close with 1012 now."""
        self._take(self._machine.shutdown)

    def _unblocked(self) -> None:
        self._blocked = False
        self._take(self._machine.unblocked)

    def _take(self, machine_input: Callable[..., Step], *arguments: object) -> None:
        """Hand the machine an input and carry out what it says."""
        try:
            self._apply(machine_input(*arguments, self._services.clock()))
        except Exception as exception:  # noqa: BLE001 - the outermost guard of this connection
            self._fault(exception)

    def _apply(self, step: Step) -> None:
        connection = self._connection
        try:
            for message in step.outbound:
                self._services.writer.send(connection, message)
        finally:  # what has happened has happened: gauges go up and down by these
            for event in step.events:
                self._services.recorder.record(event)
        for ticket in step.dropped:
            self._drop(ticket)
        for effect in step.effects:
            if isinstance(effect, UpdateStatus):
                self._services.store.update_status(effect.stream_id, effect.epoch, effect.change)
            else:
                self._start(effect)
        if step.close is not None:
            connection.close(step.close.code, step.close.code.reason)
            if step.close.abort:
                connection.abort()
        if step.wake_at is not None:
            self._services.ticker.schedule(self, step.wake_at)
        if connection.blocked and not self._blocked:
            self._blocked = True
            self._unsent_bytes = connection.unsent_bytes
            self._take(self._machine.blocked)

    def _start(self, effect: _Task) -> None:
        task = asyncio.get_running_loop().create_task(self._carry_out(effect))
        self._tasks[effect.ticket] = task

    def _drop(self, ticket: int) -> None:
        task = self._tasks.pop(ticket, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()  # content work that still waits for a thread is then never done

    async def _carry_out(self, effect: _Task) -> None:
        services = self._services
        try:
            match effect:
                case Admit():
                    self._take(self._machine.admitted, effect.ticket, await self._admittance(effect))
                case Prepare():
                    self._take(self._machine.prepared, effect.ticket, await self._preparation(effect))
                case TakeOver():
                    taken = await take_over(effect, services.store, services.engine, services.ids)
                    answer = self._machine.recovered if isinstance(taken, Recovery) else self._machine.refused
                    self._take(answer, effect.ticket, taken)
                case MarkSkip():
                    self._take(self._machine.skip_marked, effect.ticket, await self._marked(effect))
                case _:
                    assert_never(effect)
        except PreparationFailed as failed:
            error = self._told(failed.__cause__ or failed, effect)
            self._take(self._machine.failed, effect.ticket, Failure(error, failed.seconds, failed.stages))
        except Exception as exception:  # noqa: BLE001 - whatever it is, it ends this request and no other
            self._take(self._machine.failed, effect.ticket, Failure(self._told(exception, effect)))

    async def _admittance(self, effect: Admit) -> Admittance:
        services = self._services
        asked_at = services.clock().seconds
        stream_id = services.ids.new_id()
        admission = await services.store.admit(effect.snapshot, stream_id, effect.claim)
        trace = services.ids.new_trace(parse_trace_context(effect.request.trace))
        return Admittance(admission, stream_id, trace, asked_at)

    async def _preparation(self, effect: Prepare) -> Preparation:
        """The plan, which is in the store if it can be: from then on the death of this process changes nothing."""
        services = self._services
        preparation = await services.engine.prepare(effect.request, effect.snapshot.seconds_left)
        if preparation.plan.failure is not None:
            self._record(services.ids.new_id(), preparation.plan.failure, effect)
        if not effect.owners or preparation.packed is None:
            return preparation
        request_id = effect.request.request_id
        record = StreamRecord(
            stream_id=effect.stream_id,
            session_id=effect.snapshot.session_id,
            session_incarnation=effect.snapshot.incarnation,
            owners=effect.owners,
            content_type=effect.request.content_type,
            request_id=None if request_id is UNSET else request_id,
            trace=effect.trace,
            plan=preparation.packed,
            processing_seconds=preparation.seconds,
        )
        try:
            await services.store.put(record)
        except StoreUnavailable:
            return preparation
        return replace(preparation, resumable=True)

    async def _marked(self, effect: MarkSkip) -> bool:
        mark = partial(self._services.store.mark_skip, effect.stream_id, effect.epoch, effect.index)
        try:
            marked = await mark(settled=False)
        except StoreUnavailable:
            return False  # it may be marked or not
        if marked:
            with suppress(
                StoreUnavailable
            ):  # merged chunks follow in any case: if this was not stored, nobody guesses later
                await mark(settled=True)
        return marked

    def _told(self, exception: BaseException, effect: _Task) -> StreamingError:
        """What the client is told of an effect that failed; a fault of ours is recorded."""
        if isinstance(exception, StreamingError) and not exception.reportable:
            return exception
        error_id = self._services.ids.new_id()
        self._record(error_id, exception, effect)
        if isinstance(exception, StreamingError):
            return exception
        return ProcessingFailed(f"The request could not be processed. Try again, or report id {error_id}.")

    def _fault(self, exception: Exception) -> None:
        error_id = self._services.ids.new_id()
        self._record(error_id, exception)
        try:
            error = InternalError(f"Something broke on our side. Reconnect; if it happens again, report id {error_id}.")
            step = self._machine.fault(error, self._services.clock())
            self._apply(step)
            if step.close is None:  # the machine had ended, and the close of that step was not carried out
                self._connection.abort()
        except Exception as second:  # noqa: BLE001 - the machine itself is broken: nothing more can be said
            self._record(error_id, second)
            self._connection.abort()

    def _record(self, error_id: str, exception: BaseException, effect: _Task | None = None) -> None:
        """Of an effect's failure, or of the connection's, which concerns the request in progress."""
        stream_id, trace = "", None
        match effect:
            case Admit():
                place = FaultSource.ADMISSION
            case Prepare():
                place, stream_id, trace = FaultSource.CONTENT, effect.stream_id, effect.trace
            case TakeOver():  # its stream id is the client's word
                place = FaultSource.RECOVERY
            case MarkSkip():
                place, stream_id, trace = FaultSource.RECOVERY, effect.stream_id, effect.trace
            case None:
                place = FaultSource.CONNECTION
                if (entry := self._machine.current) is not None:
                    stream_id, trace = entry.stream_id, entry.trace
            case _:
                assert_never(effect)
        self._services.recorder.record(
            FaultRaised(
                error_id, place, exception, self._machine.connection_id, self._machine.session_id, stream_id, trace
            )
        )
