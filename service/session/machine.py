"""The sans-I/O session machine: all rules of one connection's conversation.

Every input takes ``now`` and returns a ``Step``. Inputs: ``open`` (once, before all but ``drain`` and ``shutdown``),
``receive``, ``tick``, the results of effects (``admitted``, ``prepared``, ``recovered``, ``refused``, ``skip_marked``,
``failed``), the socket's state (``blocked``, ``progressed``, ``unblocked``), ``lose_lease``, ``drain``, ``shutdown``,
``fault`` and ``closed`` (once, last). After a step with a ``close``, ``open`` and ``closed`` only send what happened,
and every other input returns an empty step.
"""

from typing import assert_never

from service.events import CloseReason, Outcome
from service.protocol.codec import decode
from service.protocol.errors import ClientMistake, InternalError, StreamingError, StreamTakenOver
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import (
    Ack,
    ClientMessage,
    ClientMessageType,
    Heartbeat,
    Ping,
    Recover,
    RefusalReason,
    StreamControl,
    StreamRequest,
)
from service.protocol.server_messages import ErrorMessage, HeartbeatAck, Pong
from service.session import replies
from service.session.deadlines import Deadlines
from service.session.effects import Admittance, Failure, Recovery
from service.session.endings import FAULT, RESTART, TAKEN_OVER, Ending, ending_of
from service.session.event_log import EventLog
from service.session.ports import Preparation
from service.session.queue import StreamState
from service.session.records import SessionSnapshot
from service.session.step import Step
from service.session.step_builder import StepBuilder
from service.session.streams import Streams
from service.session.tokens import digest_of

_CLIENT_CLOSE_CODES = {1000, 1001, 1005}


class SessionMachine:
    """One connection of one session. Not thread-safe, never blocks, draws nothing from the world but its arguments."""

    def __init__(
        self, snapshot: SessionSnapshot, connection_id: str, limits: Limits, now: Instant, token: str | None = None
    ) -> None:
        """``token`` is to open this connection's streams to others; ``None`` if content is not stored."""
        self._snapshot = snapshot
        self.session_id = snapshot.session_id
        self.connection_id = connection_id
        self._limits = limits
        self._token = token
        self._event_log = EventLog(connection_id, snapshot.session_id, now.seconds)
        self._deadlines = Deadlines(limits, now.seconds, snapshot.seconds_left)
        self._builder = StepBuilder(self._event_log)
        owner = digest_of(token) if token is not None and snapshot.shared else None
        self._streams = Streams(snapshot, owner, limits, self._deadlines, self._builder)
        self._close_reason: CloseReason | None = None
        """Set when the end is decided; nothing is sent any more once that step is out."""

    @property
    def current(self) -> StreamState | None:
        """The stream that is processing or running, for whoever reports a fault of this connection."""
        return self._streams.current

    @property
    def held(self) -> tuple[str, int] | None:
        """The stream under way and its epoch, if it is in the store."""
        return self._streams.held

    # Inputs

    def open(self, now: Instant) -> Step:
        """The connection is accepted and its session begun or joined; after an early ``drain`` nobody is greeted."""
        self._event_log.opened(self._snapshot)
        if self._close_reason is None:
            self._builder.send(replies.connected(self._snapshot, self._limits, self._token, now))
        return self._step(now)

    def receive(self, data: str | bytes, now: Instant) -> Step:
        """A frame's payload: text as ``str``, binary as ``bytes``."""
        if self._ended(now):
            return self._step(now)
        self._deadlines.heard(now.seconds)
        try:
            message = decode(data)
        except ClientMistake as mistake:
            self._event_log.received(ClientMessageType(mistake.message_type) if mistake.message_type else None, data)
            self._builder.answer(mistake, mistake.request_id)
            return self._step(now)
        self._event_log.received(ClientMessageType.of(message), data)
        self._follow(message, now)
        return self._step(now)

    def tick(self, now: Instant) -> Step:
        """Time has passed. Any moment will do; ``wake_at`` names the next that matters."""
        if not self._ended(now):
            self._streams.deliver(now)
        return self._step(now)

    def admitted(self, ticket: int, admittance: Admittance, now: Instant) -> Step:
        """The store has counted a request, or refused it."""
        if not self._ended(now):
            self._streams.admitted(ticket, admittance, now)
        return self._step(now)

    def prepared(self, ticket: int, preparation: Preparation, now: Instant) -> Step:
        """The content engine has made a plan of a request, and the store has it, or has not."""
        if not self._ended(now):
            self._streams.prepared(ticket, preparation, now)
        return self._step(now)

    def recovered(self, ticket: int, recovery: Recovery, now: Instant) -> Step:
        """A stream in the store is now this connection's."""
        if not self._ended(now):
            self._streams.recovered(ticket, recovery, now)
        return self._step(now)

    def refused(self, ticket: int, reason: RefusalReason, now: Instant) -> Step:
        """A stream cannot be taken over."""
        if not self._ended(now):
            self._streams.refused(ticket, reason, now)
        return self._step(now)

    def skip_marked(self, ticket: int, marked: bool, now: Instant) -> Step:  # noqa: FBT001 - an answer
        """The store knows where a stream was skipped, or it does not, or nobody can send."""
        if not self._ended(now):
            self._streams.skip_marked(ticket, now, marked=marked)
        return self._step(now)

    def failed(self, ticket: int, failure: Failure, now: Instant) -> Step:
        """An effect has come to nothing."""
        if not self._ended(now):
            self._streams.failed(ticket, failure, now)
        return self._step(now)

    def blocked(self, now: Instant) -> Step:
        """The socket has not taken all that was sent."""
        if not self._ended(now) and not self._deadlines.blocked:
            self._deadlines.block(now.seconds)
            self._event_log.blocked(self.current, now.seconds)
        return self._step(now)

    def progressed(self, now: Instant) -> Step:
        """The socket has taken some of what was sent, but not all."""
        if self._deadlines.blocked:
            self._deadlines.progress(now.seconds)
        return self.tick(now)

    def unblocked(self, now: Instant) -> Step:
        """The socket has taken it all."""
        self._deadlines.unblock()
        self._event_log.unblocked(self.current, now.seconds)
        return self.tick(now)

    def lose_lease(self, stream_id: str, epoch: int, now: Instant) -> Step:
        """Another connection has recovered the stream that was held at ``epoch``: of two, the last wins."""
        if not self._ended(now) and self.held == (stream_id, epoch):
            self._fatal(StreamTakenOver("Another connection has recovered this stream. Go on there."), TAKEN_OVER, now)
        return self._step(now)

    def drain(self, now: Instant) -> Step:
        """The server goes away soon: finish what runs, start nothing new."""
        self._streams.draining = True
        self._ended(now)
        return self._step(now)

    def shutdown(self, now: Instant) -> Step:
        """The server goes away now."""
        self._end(RESTART, now)
        return self._step(now)

    def fault(self, error: InternalError, now: Instant) -> Step:
        """Something broke that should not have; what runs here cannot go on."""
        self._fatal(error, FAULT, now)
        return self._step(now)

    def closed(self, code: int, now: Instant) -> Step:
        """The socket is gone, with the code that the peer or we gave; 1006 for none."""
        if self._close_reason is None:
            self._close_reason = CloseReason.CLIENT if code in _CLIENT_CLOSE_CODES else CloseReason.ABNORMAL
        self._event_log.unblocked(self.current, now.seconds)
        self._streams.finish_all(Outcome.DISCONNECTED, now)
        self._event_log.closed(self._close_reason, code, now.seconds)
        return self._step(now)

    def _follow(self, message: ClientMessage, now: Instant) -> None:
        match message:
            case StreamRequest():
                self._streams.request(message, now)
            case StreamControl(action):
                self._streams.control(action, now)
            case Recover():
                self._streams.recover(message, now)
            case Ack():
                self._streams.acknowledge(message)
            case Ping():
                self._builder.send(Pong(now.timestamp))
            case Heartbeat():
                self._builder.send(HeartbeatAck(now.timestamp, self.session_id))
            case _:
                assert_never(message)

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
            self._builder.send(ErrorMessage.of(error))
            self._event_log.answered(error, self.current)
            self._end(ending, now, error)

    def _end(self, ending: Ending, now: Instant, error: StreamingError | None = None) -> None:
        if self._close_reason is None:
            self._builder.close = ending.close
            self._close_reason = ending.reason
            self._streams.finish_all(ending.outcome, now, error)

    def _step(self, now: Instant) -> Step:
        if self._streams.draining and self._streams.idle:
            self._end(RESTART, now)
        return self._builder.step(self._wake_at())

    def _wake_at(self) -> float | None:
        if self._close_reason is not None:
            return None
        entry = self.current
        self._deadlines.suspend_idle(running=entry is not None and not entry.paused)
        due_at = self._streams.due_at
        return self._deadlines.earliest if due_at is None else min(self._deadlines.earliest, due_at)
