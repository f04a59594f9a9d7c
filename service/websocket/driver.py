"""Drives one connection: passes input to the session machine and executes its steps."""

import asyncio
from collections.abc import Callable

from service.access.principal import Principal
from service.events import CloseReason, FaultSource
from service.protocol.errors import InternalError
from service.protocol.instant import Instant
from service.protocol.limits import InputLimit
from service.session.effects import TicketedEffect, UpdateStatus
from service.session.live_effects import CancelLive, DetachLive
from service.session.machine import SessionMachine
from service.session.ports import Connection
from service.session.step import Step
from service.websocket.effect_handler import EffectHandler, Services
from service.websocket.pacer import PacedRun
from service.websocket.quotas import Account


class Driver:
    """One connection from its acceptance to its end, its receiver and its only writer.

    ``slot`` and ``wake`` are for the ticker, ``wake`` and ``fail`` for the pacer; ``idle``,
    ``leased_stream``, ``lose_lease``, ``principal``, ``revoke``, ``session_key``, ``offer_live``, ``drain`` and
    ``shutdown`` for the hub.
    """

    __slots__ = (
        "__weakref__",
        "_blocked",
        "_connection",
        "_effect_handler",
        "_machine",
        "_on_ended",
        "_run",
        "_services",
        "_tasks",
        "_undelivered_bytes",
        "slot",
    )

    def __init__(  # noqa: PLR0913 - independent facts
        self,
        connection: Connection,
        machine: SessionMachine,
        services: Services,
        on_ended: Callable[["Driver"], None],
        content_client: str,
        *,
        account: Account | None = None,
    ) -> None:
        """``on_ended`` is called last; ``content_client`` is the client among which the content engine is shared.

        ``account`` is charged for requests, if there is one.
        """
        self._connection = connection
        self._machine = machine
        self._services = services
        self._on_ended = on_ended
        self._effect_handler = EffectHandler(
            services,
            machine.connection_id,
            machine.session_id,
            content_client,
            account=account,
            principal=machine.principal,
            on_live_change=self._live_changed,
        )
        self._run: PacedRun | None = None
        """The run of the last step, until the next input."""
        self._blocked = False
        self._undelivered_bytes = 0
        """Without any progress since the connection was blocked, or since the last report of progress."""
        self._tasks: dict[int, asyncio.Task[None]] = {}
        """The task of the last effect of each ticket."""
        self.slot: int | None = None

    def start(self) -> None:
        """Send ``connected`` and begin to read."""
        self._connection.start(self)
        self._pass(self._machine.open)

    @property
    def held_bytes(self) -> int:
        return self._machine.held_bytes

    def message_received(self, data: str | bytes | None, size_bytes: int) -> None:
        self._pass(self._machine.receive, data, size_bytes)

    def limit_exceeded(self, limit: InputLimit) -> None:
        self._pass(self._machine.exceed, limit)

    def control_blocked(self) -> None:
        self._pass(self._machine.tick)

    def unblocked(self) -> None:
        self._blocked = False
        self._pass(self._machine.unblock)

    def connection_ended(self, code: int, failure: CloseReason | None) -> None:
        """After this no task, timer or reference remains."""
        self._pass(self._machine.disconnect, code, failure)
        self._services.ticker.cancel(self)
        for task in self._tasks.values():
            task.cancel()
        self._effect_handler.close()
        self._on_ended(self)

    def wake(self, now: Instant) -> None:
        try:
            self._catch_up(now)
            self._execute(self._machine.tick(now))
        except Exception as exception:  # noqa: BLE001 - the outermost guard of this connection
            self.fail(exception)

    def fail(self, exception: Exception) -> None:
        """Record an error of the service and close with 1011."""
        current = self._machine.current
        stream = ("", None) if current is None else (current.stream_id, current.trace)
        error_id = self._effect_handler.record_fault(exception, FaultSource.CONNECTION, *stream)
        try:
            self._stop_run()
            error = InternalError(f"The service failed. Reconnect; if it happens again, report id {error_id}.")
            step = self._machine.fail(error, self._services.clock())
            self._execute(step)
            if step.close is None:  # the machine had ended, and the close of that step was not executed
                self._connection.abort()
        except Exception as second:  # noqa: BLE001 - the machine itself fails: nothing more can be sent
            self._effect_handler.record_fault(second, FaultSource.CONNECTION, *stream, error_id)
            self._connection.abort()

    @property
    def idle(self) -> bool:
        """Whether no stream is being prepared, recovered or delivered."""
        return self._machine.idle

    @property
    def leased_stream(self) -> tuple[str, int] | None:
        """The id and the epoch of the current stream, if it has started and is in the store."""
        return self._machine.leased_stream

    def lose_lease(self, stream_id: str, epoch: int) -> None:
        """Another connection acquired the stream that this one leased at ``epoch``."""
        self._pass(self._machine.lose_lease, stream_id, epoch)

    @property
    def principal(self) -> Principal | None:
        """Who is connected; ``None`` without authentication."""
        return self._machine.principal

    @property
    def session_key(self) -> str:
        """Of the session of the connection."""
        return self._machine.live_key

    def offer_live(self, stream_id: str) -> None:
        """The session has a live stream."""
        self._pass(self._machine.offer_live, stream_id)

    def revoke(self) -> None:
        """The token was revoked: close."""
        self._pass(self._machine.revoke)

    def drain(self, returns_at: float) -> None:
        """Start no stream, and close with 1012 after the active one."""
        self._pass(self._machine.drain, returns_at)

    def shutdown(self, returns_at: float) -> None:
        """Close with 1012 now."""
        self._pass(self._machine.shutdown, returns_at)

    def _live_changed(self) -> None:
        """A live stream has more, or another state: wake now, or when something of it is due."""
        try:
            now = self._services.clock()
            due_at = self._machine.notice_live(now)
            if due_at is None:
                return
            if due_at <= now.seconds:
                self.wake(now)
            else:
                self._services.ticker.schedule(self, due_at)
        except Exception as exception:  # noqa: BLE001 - the outermost guard of this connection
            self.fail(exception)

    def _pass(self, machine_input: Callable[..., Step], *arguments: object) -> None:
        """Pass an input to the machine and execute the step."""
        try:
            now = self._services.clock()
            self._catch_up(now)
            self._execute(machine_input(*arguments, now))
        except Exception as exception:  # noqa: BLE001 - the outermost guard of this connection
            self.fail(exception)

    def _execute(self, step: Step) -> None:
        connection = self._connection
        for event in step.events:  # first: a process that is killed has counted what its clients received
            self._services.recorder.record(event)
        replies = self._blocked and step.outbound
        undelivered = connection.undelivered_bytes if replies else 0
        for message in step.outbound:
            self._services.writer.send(connection, message)
        if replies:  # they must not hide progress
            self._undelivered_bytes += connection.undelivered_bytes - undelivered
        self._services.writer.count_lags(step.chunk_lags)
        self._services.live_meter.chunks_sent(step.live_chunks)
        for ticket in step.dropped:
            self._drop(ticket)
        for effect in step.effects:
            if isinstance(effect, UpdateStatus | DetachLive | CancelLive):
                self._effect_handler.start(effect)
            else:
                self._tasks[effect.ticket] = asyncio.get_running_loop().create_task(self._perform(effect))
        if step.close is not None:
            connection.close(step.close.code, step.close.reason)
            if step.close.abort:
                connection.abort()
        self._continue(step)

    def _continue(self, step: Step) -> None:
        """Wait for what comes after the step."""
        connection = self._connection
        if connection.blocked and not self._blocked:
            self._blocked = True
            self._undelivered_bytes = connection.undelivered_bytes
            self._pass(self._machine.block)
        elif step.run is not None:
            self._services.ticker.cancel(self)
            self._run = self._services.pacer.start(step.run, connection, self)
        elif step.wake_at is not None:
            self._services.ticker.schedule(self, step.wake_at)

    def _catch_up(self, now: Instant) -> None:
        """Report to the machine what it must have before another input: chunks that were sent, and progress.

        Progress is examined only where it matters: however often the driver is woken, the connection ends at one time.
        """
        self._stop_run()
        if self._blocked and self._machine.stalled(now):
            undelivered = self._connection.undelivered_bytes
            if undelivered < self._undelivered_bytes:
                self._undelivered_bytes = undelivered
                self._machine.progress(now)

    def _stop_run(self) -> None:
        """Take the run back from the pacer, so that the machine has the position of the stream."""
        run, self._run = self._run, None
        if run is not None:
            self._services.pacer.stop(run)
            self._machine.advance(run.sent)

    async def _perform(self, effect: TicketedEffect) -> None:
        self._pass(self._machine.resolve, await self._effect_handler.perform(effect))

    def _drop(self, ticket: int) -> None:
        task = self._tasks.pop(ticket, None)
        if task is not None and task is not asyncio.current_task():
            task.cancel()  # preparation that waits for the content thread is then never done
