"""The sans-I/O session machine: all rules of one connection.

The inputs are methods. Each takes ``now`` and returns a ``Step``. ``open`` comes first, except for ``drain`` and
``shutdown``; ``disconnect`` comes last, once. After a step with a ``close``, ``open`` and ``disconnect`` only record
events, and every other input returns an empty step.
"""

from typing import assert_never

from msgspec.structs import replace

from service.access.principal import AccessRefusal, Principal
from service.events import CloseReason, Outcome
from service.protocol.close_codes import CloseCode
from service.protocol.codec import decode
from service.protocol.errors import (
    ClientMistake,
    ContentTooLarge,
    InternalError,
    StreamingError,
    StreamTakenOver,
    TokenRevoked,
)
from service.protocol.instant import Instant
from service.protocol.limits import InputLimit, Limits
from service.protocol.messages import (
    Ack,
    Auth,
    AuthRefresh,
    ClientMessage,
    ClientMessageType,
    ClientReport,
    Heartbeat,
    Ping,
    Recover,
    StreamControl,
    StreamRequest,
    Watch,
)
from service.protocol.server_messages import AuthRefreshed, ErrorMessage, HeartbeatAck, Pong
from service.session import replies
from service.session.deadlines import Deadlines
from service.session.effects import REFRESH_TICKET, EffectResult
from service.session.endings import DEADLINES, FAULT, RESTART, REVOKED, TAKEN_OVER, Ending, input_ending
from service.session.event_log import EventLog
from service.session.live_effects import LIST_TICKET, ListLive, LiveListed
from service.session.options import DEFAULT_OPTIONS, SessionOptions
from service.session.records import SessionSnapshot
from service.session.step import Step, StepBuilder
from service.session.stream_state import StreamState
from service.session.streams import Streams
from service.session.token_life import TokenLife
from service.session.tokens import digest_of

_CLIENT_CLOSE_CODES = {CloseCode.NORMAL, CloseCode.PEER_LEFT, CloseCode.NO_CODE}


class SessionMachine:
    """One connection of one session. Not thread-safe; never blocks; depends only on its arguments."""

    def __init__(  # noqa: PLR0913 - independent facts
        self,
        snapshot: SessionSnapshot,
        session_id: str,
        connection_id: str,
        limits: Limits,
        now: Instant,
        *,
        token: str | None = None,
        principal: Principal | None = None,
        options: SessionOptions = DEFAULT_OPTIONS,
    ) -> None:
        """``token`` allows other connections to recover the streams of this one; ``None`` if content is not stored.

        ``principal`` is who is connected; ``None`` without authentication.
        """
        self._snapshot = snapshot
        self.session_id, self.live_key = session_id, snapshot.live_key
        self.connection_id = connection_id
        self._limits = limits
        self._token = token
        self._options = options
        self._deadlines = Deadlines(limits, now.seconds, snapshot.seconds_left)
        self._log = EventLog(
            connection_id, session_id, now.seconds, options, "" if principal is None else principal.subject
        )
        self._builder = StepBuilder(self._log)
        owner = None if token is None else digest_of(token)
        self._streams = Streams(snapshot, owner, limits, self._deadlines, self._builder, options.resume_seconds)
        self._token_life = (
            None if principal is None else TokenLife(principal, self.session_id, now, self._deadlines, self._builder)
        )
        self._close_reason: CloseReason | None = None
        """Set when the end is decided; nothing is sent after the step that decides it."""
        self._returns_at: float | None = None
        """When the client may connect again after a drain, in monotonic seconds."""
        self._closes_when_idle = False

    @property
    def current(self) -> StreamState | None:
        """The stream that is being prepared, recovered or delivered."""
        return self._streams.current

    @property
    def principal(self) -> Principal | None:
        """Who is connected; ``None`` without authentication."""
        return None if self._token_life is None else self._token_life.principal

    @property
    def idle(self) -> bool:
        """Whether no stream is being prepared, recovered or delivered."""
        return self._streams.idle

    @property
    def leased_stream(self) -> tuple[str, int] | None:
        """The id and the epoch of the current stream, if it has started and is in the store."""
        return self._streams.leased_stream

    @property
    def held_bytes(self) -> int:
        """The memory of the content of requests that have not started."""
        return self._streams.held_bytes

    # Inputs

    def open(self, now: Instant) -> Step:
        """The connection is accepted and its session open. After an early ``drain`` no ``connected`` is sent."""
        self._log.opened(self._snapshot)
        if self._close_reason is None:
            self._builder.send(
                replies.connected(
                    self.session_id,
                    self._snapshot,
                    self._limits,
                    now,
                    token=self._token,
                    options=self._options,
                    principal=self.principal,
                )
            )
            if self._options.resume_seconds is not None:
                self._builder.request(ListLive(LIST_TICKET, self.live_key))
        return self._step(now)

    def receive(self, data: str | bytes | None, size_bytes: int, now: Instant) -> Step:
        """A message arrived, as ``Receiver.message_received`` describes it."""
        if self._ended(now):
            return self._step(now)
        self._deadlines.restart_idle(now.seconds)
        try:
            message = decode(data)
        except ClientMistake as mistake:
            type_ = ClientMessageType(mistake.message_type) if mistake.message_type else None
            self._log.received(type_, size_bytes)
            if type_ is ClientMessageType.STREAM_REQUEST or isinstance(mistake, ContentTooLarge):
                self._log.rejected(None, mistake)
            self._builder.send_error(mistake, mistake.request_id)
            return self._step(now)
        self._log.received(ClientMessageType.of(message), size_bytes)
        refusal = None if self._token_life is None else self._token_life.check(message, self.current)
        if refusal is None:
            self._handle(message, now)
        elif isinstance(message, StreamRequest):
            self._log.rejected(message.content_type, refusal)
            self._builder.send_error(refusal, message.request_id)
        else:
            self._builder.send_error(refusal)
        return self._step(now)

    def tick(self, now: Instant) -> Step:
        """Time has passed. May come at any time; ``wake_at`` is the next time at which it has an effect."""
        if not self._ended(now):
            self._streams.deliver(now)
        return self._step(now)

    def advance(self, chunks: int) -> None:
        """The driver sent that number of chunks of the run of the last step. Comes before any other input."""
        self._streams.advance(chunks)

    def resolve(self, result: EffectResult, now: Instant) -> Step:
        """An effect is performed. The result of a dropped ticket is ignored."""
        if self._ended(now):
            return self._step(now)
        if result.ticket == LIST_TICKET:
            for stream_id in result.stream_ids if isinstance(result, LiveListed) else ():
                self._streams.offer(stream_id, now)
        elif result.ticket != REFRESH_TICKET:
            self._streams.resolve(result, now)
        elif self._token_life is not None:
            self._token_life.resolve(result, now)
        return self._step(now)

    def offer_live(self, stream_id: str, now: Instant) -> Step:
        """The session has a live stream, which its connections receive without asking."""
        if not self._ended(now):
            self._streams.offer(stream_id, now)
        return self._step(now)

    def notice_live(self, now: Instant) -> float | None:
        """A live stream has changed. Return when ``tick`` is due for it, at the latest; ``None`` if it is not."""
        return None if self._close_reason is not None else self._streams.notice(now)

    def block(self, now: Instant) -> Step:
        """The kernel did not accept everything that was sent."""
        if not self._ended(now) and not self._deadlines.blocked:
            self._deadlines.block(now.seconds)
            self._log.blocked(self.current, now.seconds)
        return self._step(now)

    def stalled(self, now: Instant) -> bool:
        """Whether the next input ends a blocked connection, unless ``progress`` comes before it."""
        return self._deadlines.stalled(now.seconds)

    def progress(self, now: Instant) -> None:
        """The kernel accepted some of what was sent, not everything, since the last progress or since ``block``."""
        self._deadlines.progress(now.seconds)

    def unblock(self, now: Instant) -> Step:
        """The kernel accepted everything that was sent."""
        self._deadlines.unblock()
        if self.current is not None:
            self.current.release(now.seconds)
        self._log.unblocked(self.current, now.seconds)
        return self.tick(now)

    def lose_lease(self, stream_id: str, epoch: int, now: Instant) -> Step:
        """Another connection acquired the stream that this one leased at ``epoch``."""
        if not self._ended(now) and self.leased_stream == (stream_id, epoch):
            error = StreamTakenOver("Another connection has recovered this stream. Continue there.")
            self._end_with_error(error, TAKEN_OVER, now)
        return self._step(now)

    def revoke(self, now: Instant) -> Step:
        """The token of the connection was revoked."""
        if not self._ended(now):
            self._end_with_error(TokenRevoked(AccessRefusal.REVOKED.sentence), REVOKED, now)
        return self._step(now)

    def drain(self, returns_at: float, now: Instant) -> Step:
        """The server shuts down soon: start no stream.

        Close after the active one; without one, if a request waits or as soon as one arrives, or at ``shutdown``. The
        client may connect again at ``returns_at``, in monotonic seconds, and at once if requests did not start.
        """
        self._streams.draining = True
        self._returns_at = returns_at
        self._closes_when_idle = self.current is not None
        self._ended(now)
        return self._step(now)

    def shutdown(self, returns_at: float, now: Instant) -> Step:
        """The server shuts down now. The client may connect again at ``returns_at``, in monotonic seconds."""
        self._end_for_restart(returns_at, now)
        return self._step(now)

    def exceed(self, limit: InputLimit, now: Instant) -> Step:
        """The client exceeded a limit of what it may send."""
        self._end_with_error(*input_ending(limit), now)
        return self._step(now)

    def fail(self, error: InternalError, now: Instant) -> Step:
        """An error of the service ends the connection."""
        self._end_with_error(error, FAULT, now)
        return self._step(now)

    def disconnect(self, code: int, failure: CloseReason | None, now: Instant) -> Step:
        """The connection is lost or closed, as ``Receiver.connection_ended`` describes it."""
        if self._close_reason is None:
            by_client = CloseReason.CLIENT if code in _CLIENT_CLOSE_CODES else CloseReason.ABNORMAL
            self._close_reason = failure or by_client
        self._log.unblocked(self.current, now.seconds)
        self._streams.finish_all(Outcome.DISCONNECTED, now)
        self._log.closed(self._close_reason, code, now.seconds)
        return self._step(now)

    def _handle(self, message: ClientMessage, now: Instant) -> None:  # noqa: C901 - one for each message
        match message:
            case StreamRequest() | Recover() | Watch() if self._streams.draining and self._streams.idle:
                self._end_for_restart(None, now)  # unanswered: the client sends it again on its next connection
            case StreamRequest():
                self._streams.request(message, now)
            case StreamControl(action):
                self._streams.control(action, now)
            case Recover():
                self._streams.recover(message, now)
            case Watch():
                self._streams.watch(message, now)
            case Ack():
                self._streams.acknowledge(message)
            case ClientReport():
                self._log.reported(message)  # no reply: a client that measures must not fail by it
            case Auth():
                pass  # the connection has its token, or the service needs none
            case AuthRefresh(token):
                self._refresh(token, now)
            case Ping():
                self._builder.send(Pong(now.timestamp))
            case Heartbeat():
                self._builder.send(HeartbeatAck(now.timestamp, self.session_id))
            case _:
                assert_never(message)

    def _refresh(self, token: str, now: Instant) -> None:
        if self._token_life is None:
            self._builder.send(AuthRefreshed(now.timestamp))  # nothing expires
        else:
            self._token_life.refresh(token)

    # Ends

    def _ended(self, now: Instant) -> bool:
        """Whether the end is decided; decide it if a deadline has expired."""
        if self._close_reason is None and now.seconds >= self._deadlines.earliest:
            error = self._deadlines.expired(now.seconds)
            if error is not None:
                self._end_with_error(error, DEADLINES[type(error)], now)
            elif self._token_life is not None:
                self._token_life.warn(now)
        return self._close_reason is not None

    def _end_with_error(self, error: StreamingError, ending: Ending, now: Instant) -> None:
        if self._close_reason is None:
            self._builder.send(ErrorMessage.of(error))
            self._log.error_sent(error, self.current)
            self._end(ending, now, error)

    def _end(self, ending: Ending, now: Instant, error: StreamingError | None = None) -> None:
        if self._close_reason is None:
            self._builder.close = ending.close
            self._close_reason = ending.reason
            self._streams.finish_all(ending.outcome, now, error)

    def _end_for_restart(self, returns_at: float | None, now: Instant) -> None:
        """End with the time that is left until ``returns_at``; ``None`` leaves it to the client."""
        wait = None if returns_at is None else max(0, round(1000 * (returns_at - now.seconds)))
        self._end(replace(RESTART, close=replace(RESTART.close, retry_after_ms=wait)), now)

    def _step(self, now: Instant) -> Step:
        if self._closes_when_idle and self._streams.idle:
            self._end_for_restart(self._returns_at if self.current is None else None, now)
        if self._close_reason is not None:
            return self._builder.build(None)
        streams, deadlines = self._streams, self._deadlines
        stream = streams.current
        deadlines.suspend_idle(suspended=stream is not None and not stream.paused)
        due_at, earliest = streams.due_at, deadlines.earliest
        if due_at is None or earliest < due_at:
            return self._builder.build(earliest)
        return self._builder.build(due_at, streams.run(earliest))
