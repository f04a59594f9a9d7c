"""The sans-I/O session machine: all rules of one connection's conversation.

Every input takes ``now`` and returns a ``Step``. Inputs: ``open`` (once, before all but ``drain`` and ``shutdown``),
``receive``, ``tick``, the results of effects (``admitted``, ``prepared``, ``failed``), the socket's state (``blocked``,
``progressed``, ``unblocked``), ``drain``, ``shutdown``, ``fault`` and ``closed`` (once, last). After a step with a
``close``, ``open`` and ``closed`` only say what happened, and every other input returns an empty step.
"""

from typing import assert_never

from msgspec import UNSET, UnsetType

from service.core import protocol, replies
from service.core.clock import Instant
from service.core.deadlines import Deadlines
from service.core.delivery import Delivery
from service.core.effects import Admit, Admittance, Effect, Failure, Lease, Preparation, Prepare
from service.core.ending import FAULT, RESTART, Ending, ending_of
from service.core.errors import ClientMistake, InternalError, NoActiveStream, RateLimitExceeded, StreamingError
from service.core.events import CloseReason, Outcome
from service.core.journal import Journal
from service.core.limits import Limits
from service.core.line import Entry, Line
from service.core.messages import (
    Chunk,
    ClientMessageType,
    ControlAction,
    ErrorMessage,
    Heartbeat,
    HeartbeatAck,
    Ping,
    Pong,
    ServerMessage,
    StreamCancelled,
    StreamControl,
    StreamPaused,
    StreamRequest,
    StreamResumed,
    StreamSkipped,
)
from service.core.refusal import refusal
from service.core.source import PlanSource
from service.core.step import Close, Step

_CLIENT_CLOSE_CODES = {1000, 1001, 1005}


class SessionMachine:
    """One connection of one session. Not thread-safe, never blocks, draws nothing from the world but its arguments."""

    def __init__(self, lease: Lease, connection_id: str, limits: Limits, now: Instant) -> None:
        self._lease = lease
        self.session_id = lease.session_id
        self.connection_id = connection_id
        self._limits = limits
        self._journal = Journal(connection_id, lease.session_id, now.seconds)
        self._deadlines = Deadlines(limits, now.seconds, lease.seconds_left)
        self._line = Line()
        self._draining = False
        self._close_reason: CloseReason | None = None
        """Set when the end is decided; nothing is sent any more once that step is out."""
        self._close: Close | None = None
        # What the input at hand has led to so far; _step() takes it all.
        self._outbound: list[ServerMessage] = []
        self._effects: list[Effect] = []
        self._dropped: tuple[int, ...] = ()

    @property
    def current(self) -> Entry | None:
        """The request that is processing or running, for whoever reports a fault of this connection."""
        return self._line.current

    # Inputs

    def open(self, now: Instant) -> Step:
        """The connection is accepted and its session begun or joined; after an early ``drain`` nobody is greeted."""
        self._journal.opened(self._lease.requests_used)
        if self._close_reason is None:
            self._outbound.append(replies.connected(self._lease, self._limits, now))
        return self._step()

    def receive(self, data: str | bytes, now: Instant) -> Step:
        """A frame's payload: text as ``str``, binary as ``bytes``."""
        if self._ended(now):
            return self._step()
        self._deadlines.heard(now.seconds)
        try:
            message = protocol.decode(data)
        except ClientMistake as mistake:
            self._journal.received(ClientMessageType(mistake.message_type) if mistake.message_type else None, data)
            self._answer(mistake, mistake.request_id)
            return self._step()
        self._journal.received(ClientMessageType.of(message), data)
        match message:
            case StreamRequest():
                self._request(message, now)
            case StreamControl(action):
                self._control(action, now)
            case Ping():
                self._outbound.append(Pong(now.timestamp))
            case Heartbeat():
                self._outbound.append(HeartbeatAck(now.timestamp, self.session_id))
            case _:
                assert_never(message)
        return self._step()

    def tick(self, now: Instant) -> Step:
        """Time has passed. Any moment will do; ``wake_at`` names the next that matters."""
        if not self._ended(now):
            self._deliver(now)
        return self._step()

    def admitted(self, ticket: int, admittance: Admittance, now: Instant) -> Step:
        """The store has counted a request, or refused it."""
        entry = None if self._ended(now) else self._line.find(ticket)
        if entry is None:
            return self._step()
        if admittance.admission.admitted:
            self._admit(entry, admittance, now)
        else:
            self._leave(entry)
            self._journal.limited(self._limits.max_requests)
            self._reject(
                entry.request,
                RateLimitExceeded(
                    f"This session has used its {self._limits.max_requests} requests. "
                    "Go on when it is over (connected.session_expires_at), or under another session id."
                ),
            )
        self._advance(now)
        return self._step()

    def prepared(self, ticket: int, preparation: Preparation, now: Instant) -> Step:
        """The content engine has made a plan of a request."""
        entry = None if self._ended(now) else self._line.find(ticket)
        if entry is None:
            return self._step()
        plan = preparation.plan
        entry.delivery = Delivery(PlanSource(plan), plan.gap_seconds, now.seconds)
        self._outbound.append(replies.stream_start(entry, preparation, now))
        self._journal.started(entry, preparation)
        if entry.skip_wanted:
            entry.delivery.skip(now.seconds)
        if entry.paused:
            entry.delivery.pause(now.seconds)
        self._deliver(now)
        return self._step()

    def failed(self, ticket: int, failure: Failure, now: Instant) -> Step:
        """An effect of a request has come to nothing."""
        entry = None if self._ended(now) else self._line.find(ticket)
        if entry is None:
            return self._step()
        error = failure.error
        entry.failure = failure
        if not entry.admitted:
            self._journal.rejected(entry.request, error)
        self._answer(error, entry.request_id, entry)
        self._finish(entry, Outcome.ERROR if error.reportable else Outcome.REJECTED, now, error)
        self._advance(now)
        return self._step()

    def blocked(self, now: Instant) -> Step:
        """The socket has not taken all that was sent."""
        if not self._ended(now) and not self._deadlines.blocked:
            self._deadlines.block(now.seconds)
            self._journal.blocked(self.current, now.seconds)
        return self._step()

    def progressed(self, now: Instant) -> Step:
        """The socket has taken some of what was sent, but not all."""
        if self._deadlines.blocked:
            self._deadlines.progress(now.seconds)
        return self.tick(now)

    def unblocked(self, now: Instant) -> Step:
        """The socket has taken it all."""
        self._deadlines.unblock()
        self._journal.unblocked(self.current, now.seconds)
        return self.tick(now)

    def drain(self, now: Instant) -> Step:
        """The server goes away soon: finish what runs, start nothing new."""
        self._draining = True
        if not self._ended(now):
            self._advance(now)
        return self._step()

    def shutdown(self, now: Instant) -> Step:
        """The server goes away now."""
        self._end(RESTART, now)
        return self._step()

    def fault(self, error: InternalError, now: Instant) -> Step:
        """Something broke that should not have; what runs here cannot go on."""
        self._fatal(error, FAULT, now)
        return self._step()

    def closed(self, code: int, now: Instant) -> Step:
        """The socket is gone, with the code that the peer or we gave; 1006 for none."""
        if self._close_reason is None:
            self._close_reason = CloseReason.CLIENT if code in _CLIENT_CLOSE_CODES else CloseReason.ABNORMAL
        self._journal.unblocked(self.current, now.seconds)
        self._finish_all(Outcome.DISCONNECTED, now)
        self._journal.closed(self._close_reason, code, now.seconds)
        return self._step()

    # Requests

    def _request(self, request: StreamRequest, now: Instant) -> None:
        mistake = refusal(request, self._limits, line_is_full=self._line.full)
        if mistake is not None:
            self._reject(request, mistake)
            return
        entry = self._line.join(request, now.seconds)
        self._effects.append(Admit(entry.ticket, self._lease, request))

    def _admit(self, entry: Entry, admittance: Admittance, now: Instant) -> None:
        entry.admitted_at = now.seconds
        entry.stream_id = admittance.stream_id
        entry.trace = admittance.trace
        self._journal.admitted(entry, admittance, self._limits)

    def _advance(self, now: Instant) -> None:
        """Begin the first request of the line if it may begin; when draining, end instead."""
        entry = self.current
        if self._draining and (entry is None or entry.left_line_at is None):
            self._end(RESTART, now)
        elif entry is not None and entry.admitted and entry.left_line_at is None:
            entry.left_line_at = now.seconds
            seconds_left = self._deadlines.session_ends_at - now.seconds
            self._effects.append(Prepare(entry.ticket, entry.request, seconds_left, entry.stream_id, entry.identity))

    # Streams

    def _deliver(self, now: Instant) -> None:
        entry = self._line.current
        if entry is None or entry.delivery is None or self._deadlines.blocked:
            return
        delivery = entry.delivery
        first = delivery.index
        for index, (data, close) in enumerate(delivery.take(now.seconds), first):
            self._outbound.append(Chunk(data, index, now.timestamp, close))
        if first == 0 < delivery.index and entry.left_line_at is not None:
            waited = now.seconds - entry.left_line_at - delivery.paused_seconds(now.seconds)
            self._journal.first_chunk(entry, waited)
        if delivery.finished and not delivery.paused:
            duration = now.seconds - delivery.started_at
            self._outbound.append(replies.stream_complete(entry, self.session_id, duration, now))
            self._finish(entry, Outcome.SKIPPED if delivery.skipped else Outcome.COMPLETED, now)
            self._advance(now)

    def _control(self, action: ControlAction, now: Instant) -> None:
        entry = self._line.current
        if entry is None:
            self._answer(NoActiveStream(f"There is no stream to {action}. Send a stream_request first."))
            return
        match action:
            case ControlAction.PAUSE:
                self._outbound.append(StreamPaused(now.timestamp))
                self._set_paused(entry, now, paused=True)
            case ControlAction.RESUME:
                self._outbound.append(StreamResumed(now.timestamp))
                self._set_paused(entry, now, paused=False)
            case ControlAction.SKIP:
                self._outbound.append(StreamSkipped(now.timestamp))
                if entry.paused:  # no chunk may follow stream_paused until stream_resumed
                    self._outbound.append(StreamResumed(now.timestamp))
                    self._set_paused(entry, now, paused=False)
                if not entry.skip_wanted:
                    entry.skip_wanted = True
                    self._journal.skip_requested(entry)
                if entry.delivery is not None:
                    entry.delivery.skip(now.seconds)
            case ControlAction.CANCEL:
                self._outbound.append(StreamCancelled(now.timestamp))
                self._finish(entry, Outcome.CANCELLED, now)
                self._advance(now)
            case _:
                assert_never(action)
        self._deliver(now)

    def _set_paused(self, entry: Entry, now: Instant, *, paused: bool) -> None:
        if entry.paused == paused:
            return
        entry.paused = paused
        if entry.delivery is not None:
            (entry.delivery.pause if paused else entry.delivery.resume)(now.seconds)
            self._journal.pause_changed(entry)

    # Ends

    def _ended(self, now: Instant) -> bool:
        """Whether the connection is over, by now or before."""
        if self._close_reason is None:
            deadline = self._deadlines.passed(now.seconds)
            if deadline is not None:
                self._fatal(deadline, ending_of(deadline), now)
        return self._close_reason is not None

    def _fatal(self, error: StreamingError, ending: Ending, now: Instant) -> None:
        if self._close_reason is None:
            self._outbound.append(ErrorMessage.of(error))
            self._journal.answered(error, self.current)
            self._end(ending, now, error)

    def _end(self, ending: Ending, now: Instant, error: StreamingError | None = None) -> None:
        if self._close_reason is None:
            self._close = ending.close
            self._close_reason = ending.reason
            self._finish_all(ending.outcome, now, error)

    def _finish_all(self, outcome: Outcome, now: Instant, error: StreamingError | None = None) -> None:
        for entry in self._line:
            self._finish(entry, outcome, now, error)

    def _finish(self, entry: Entry, outcome: Outcome, now: Instant, error: StreamingError | None = None) -> None:
        """The request leaves the line, for good."""
        self._leave(entry)
        self._deadlines.heard(now.seconds)
        if entry.admitted:
            self._journal.ended(entry, outcome, error, now.seconds)

    def _leave(self, entry: Entry) -> None:
        self._line.leave(entry)
        self._dropped += (entry.ticket,)

    # Answers

    def _reject(self, request: StreamRequest, error: StreamingError) -> None:
        self._journal.rejected(request, error)
        self._answer(error, request.request_id)

    def _answer(self, error: StreamingError, request_id: str | UnsetType = UNSET, entry: Entry | None = None) -> None:
        stream_id = UNSET if entry is None else entry.known_stream_id
        self._outbound.append(ErrorMessage.of(error, request_id, stream_id))
        self._journal.answered(error, entry)

    def _step(self) -> Step:
        outbound, effects, close = self._outbound, self._effects, self._close
        if outbound:
            self._outbound = []
        if effects:
            self._effects = []
        self._close = None
        dropped, self._dropped = self._dropped, ()
        return Step(outbound, effects, self._journal.take(), self._wake_at(), close, dropped)

    def _wake_at(self) -> float | None:
        if self._close_reason is not None:
            return None
        entry = self._line.current
        deadlines = self._deadlines
        deadlines.suspend_idle(running=entry is not None and not entry.paused)
        wake_at = deadlines.earliest
        if entry is not None and entry.delivery is not None and not entry.paused and not deadlines.blocked:
            wake_at = min(wake_at, entry.delivery.due_at)
        return wake_at
