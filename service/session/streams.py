"""The streams of one connection: from the request to the terminal message."""

from typing import assert_never

from service.events import Outcome, ReadingEnd
from service.protocol.errors import NoActiveStream, StreamingError
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import Ack, ControlAction, Recover, RefusalReason, StreamRequest, Watch
from service.protocol.server_messages import StreamCancelled, StreamPaused, StreamResumed, StreamSkipped
from service.protocol.trace import Trace
from service.session import effects, replies
from service.session.admissions import Admissions
from service.session.deadlines import Deadlines
from service.session.delivered_streams import DeliveredStreams
from service.session.ports import Preparation
from service.session.queue import RequestQueue
from service.session.records import Digest, SessionSnapshot, StreamStatus
from service.session.recovery import RecoveredStream, RecoveryTarget, recover_stream
from service.session.run import Run
from service.session.sender import StreamSender
from service.session.session_state import SessionState
from service.session.step import StepBuilder
from service.session.stream_state import StreamState
from service.session.tokens import digest_of
from service.session.validation import queue_full_error
from service.session.watches import Watches


class Streams:
    """Runs one stream at a time, the others wait in order. Writes messages, effects and events to the builder."""

    __slots__ = (
        "_admissions",
        "_builder",
        "_deadlines",
        "_delivered",
        "_limits",
        "_owner",
        "_queue",
        "_sender",
        "_session",
        "_watches",
        "draining",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - independent facts
        self,
        snapshot: SessionSnapshot,
        owner: Digest | None,
        limits: Limits,
        deadlines: Deadlines,
        builder: StepBuilder,
        resume_seconds: float | None = None,
    ) -> None:
        """``owner`` is the digest under which streams are stored; ``None`` if they are not.

        ``resume_seconds`` is as in ``SessionOptions``.
        """
        self._session = SessionState(snapshot, deadlines)
        self._owner = owner
        self._limits = limits
        self._deadlines = deadlines
        self._builder = builder
        self._queue = RequestQueue()
        self._admissions = Admissions(self._queue, self._session, owner, limits, builder)
        self._sender = StreamSender(deadlines, builder, stores_streams=owner is not None)
        self._watches = Watches(self._queue, limits, deadlines, builder, resume_seconds)
        self._delivered = DeliveredStreams()
        self.draining = False
        """Whether no stream may start."""

    @property
    def current(self) -> StreamState | None:
        return self._queue.current

    @property
    def idle(self) -> bool:
        """Whether no stream is being prepared, recovered or delivered."""
        stream = self._queue.current
        return stream is None or stream.dequeued_at is None

    @property
    def leased_stream(self) -> tuple[str, int] | None:
        """The id and the epoch of the current stream, if it has started and is in the store."""
        stream = self._queue.current
        if stream is None or stream.delivery is None or not stream.resumable:
            return None
        return stream.stream_id, stream.epoch

    @property
    def held_bytes(self) -> int:
        """The memory of the content of requests that have not started."""
        return self._queue.held_bytes

    @property
    def due_at(self) -> float | None:
        """When the next chunk is due, in monotonic seconds; ``None`` if none may be sent."""
        stream = self._queue.current
        if stream is None:
            return None
        return self._sender.due_at(stream) if stream.watch is None else self._watches.due_at(stream)

    def run(self, until: float) -> Run | None:
        """Return the chunks that may be sent without ``deliver`` before ``until``; ``None`` if there are none."""
        stream = self._queue.current
        return None if stream is None or self._builder.log.records_content else self._sender.run(stream, until)

    # Messages

    def request(self, request: StreamRequest, now: Instant) -> None:
        self._watches.html_mode = request.html_mode
        self._admissions.receive(request, now)

    def recover(self, message: Recover, now: Instant) -> None:
        if self._queue.full:
            self._builder.send_error(queue_full_error(), stream_id=message.stream_id)
        elif self._queue.contains(message.stream_id):
            self._refuse_recovery(message.stream_id, RefusalReason.RUNNING, now)
        elif self._owner is None:
            self._refuse_recovery(message.stream_id, RefusalReason.UNAVAILABLE, now)
        else:
            self._queue.add(message, now)
            self._start_next(now)

    def watch(self, message: Watch, now: Instant) -> None:
        self._watches.watch(message, now)
        self._start_next(now)

    def offer(self, stream_id: str, now: Instant) -> None:
        """Send a live stream of the session without a ``watch``."""
        if not self.draining:
            self._watches.offer(stream_id, now)
            self._start_next(now)

    def notice(self, now: Instant) -> float | None:
        """A live stream has changed. Return when ``deliver`` is due for it; ``None`` if it need not be called."""
        stream = self._queue.current
        return None if stream is None or stream.watch is None else self._watches.notice(stream, now)

    def acknowledge(self, ack: Ack) -> None:
        answer = self._delivered.acknowledge(ack, self._queue.current)
        if isinstance(answer, StreamingError):
            self._builder.send_error(answer)
        elif answer is not None:
            self._builder.request(answer)

    def control(self, action: ControlAction, now: Instant) -> None:
        stream = self._queue.current
        if stream is None:
            self._builder.send_error(NoActiveStream(f"There is no stream to {action}. Send a stream_request first."))
            return
        sender = self._sender if stream.watch is None else self._watches
        match action:
            case ControlAction.PAUSE:
                self._builder.send(StreamPaused(now.timestamp))
                sender.set_paused(stream, now, paused=True)
            case ControlAction.RESUME:
                self._builder.send(StreamResumed(now.timestamp))
                sender.set_paused(stream, now, paused=False)
            case ControlAction.SKIP:
                self._builder.send(StreamSkipped(now.timestamp))
                if stream.paused:  # no chunk may follow stream_paused until stream_resumed
                    self._builder.send(StreamResumed(now.timestamp))
                    sender.set_paused(stream, now, paused=False)
                sender.skip(stream, now)
            case ControlAction.CANCEL if stream.watch is not None:
                self._end_reading(stream, self._watches.cancel(stream, now), now)
            case ControlAction.CANCEL:
                self._builder.send(StreamCancelled(now.timestamp))
                self._finish(stream, Outcome.CANCELLED, now)
                self._start_next(now)
            case ControlAction.LEAVE if stream.watch is not None:
                self._end_reading(stream, self._watches.leave(stream, now), now)
            case ControlAction.LEAVE:
                self._builder.send_error(NoActiveStream("The stream is not live. Send cancel to end it."))
            case _:
                assert_never(action)
        self.deliver(now)

    # Results of effects

    def resolve(self, result: effects.EffectResult, now: Instant) -> None:  # noqa: C901, PLR0912 - one match over all results
        """Continue the stream of the ticket; the result for a stream that has ended is ignored."""
        stream = self._queue.find(result.ticket)
        if stream is None:
            self._watches.drop(result)
            return
        if isinstance(result, effects.SessionJoined) and self._session.join(result.snapshot, now):
            self._builder.log.joined(result.snapshot)
        match result:
            case effects.EffectFailed():
                self._fail(stream, result, now)
            case _ if stream.watch is not None:
                self._end_reading(stream, self._watches.resolve(stream, result, now), now)
            case effects.SessionJoined() | effects.StoreFailed() if not stream.admitted:
                self._admissions.request(stream, now)
            case effects.AdmissionDecided():
                self._admissions.decide(stream, result, now)
                self._start_next(now)
            case effects.PlanPrepared(_, preparation):
                self._admissions.record(stream)
                stream.prepared_at = now.seconds
                self._store(stream, preparation, now)
            case effects.PlanNotFound():
                assert stream.repeats is not None
                charge = effects.ChargeRepetition(stream.ticket, self._session.at(now), stream.repeats)
                self._builder.request(charge)
            case effects.RepetitionCharged(_, admission) if self._admissions.charge(stream, admission):
                self._prepare(stream, now)
            case effects.RepetitionCharged():
                self._start_next(now)
            case _ if stream.recovery is not None:
                self._continue_recovery(stream, result, now)
            case _ if stream.skip_storage is not None:
                self._sender.continue_skip(stream, result, now)
            case _ if stream.preparation is not None:
                stored = isinstance(result, effects.StreamStored)
                self._sender.start(stream, stream.preparation, now, resumable=stored)
            case _:
                raise AssertionError(result)
        self.deliver(now)

    def _store(self, stream: StreamState, preparation: Preparation, now: Instant) -> None:
        """Store the stream before ``stream_start`` announces it, if it may be stored."""
        record = None
        if self._owner is not None and self._session.snapshot.shared:
            record = stream.create_record(preparation, self._session.snapshot, self._owner)
        if record is None:
            self._sender.start(stream, preparation, now, resumable=False)
        else:
            stream.preparation = preparation
            self._builder.request(effects.PutStream(stream.ticket, record))

    def _continue_recovery(self, stream: StreamState, result: effects.EffectResult | None, now: Instant) -> None:
        """Pass the result (``None`` at the start) to the recovery, and request its next effect or end it."""
        assert stream.recovery is not None
        try:
            self._builder.request(stream.recovery.send(result))
        except StopIteration as end:
            stream.recovery = None
            if isinstance(end.value, RecoveredStream):
                self._sender.start_recovered(stream, end.value, now)
            else:
                self._give_up_recovery(stream, end.value, now)

    def _give_up_recovery(self, stream: StreamState, reason: RefusalReason, now: Instant) -> None:
        """Refuse a ``recover``; prepare a repeated request again, under an id of its own, unless its plan is found.

        The connection of the first attempt may still store a stream under the other id.
        """
        if stream.decision is not None:
            stream.stream_id = stream.decision.stream_id
            self._builder.request(effects.FindPlan(stream.ticket, *self._preparation_of(stream, now)))
        else:
            self._remove(stream)
            self._refuse_recovery(stream.stream_id, reason, now)
            self._start_next(now)

    def _fail(self, stream: StreamState, failure: effects.EffectFailed, now: Instant) -> None:
        error = failure.error
        stream.failure = failure
        if isinstance(stream.message, StreamRequest) and not stream.admission_recorded:
            self._builder.log.rejected(stream.request.content_type, error)
        self._builder.send_error(error, stream.request_id, stream)
        self._finish(stream, Outcome.ERROR if error.reportable else Outcome.REJECTED, now, error)
        self._start_next(now)

    # Delivery

    def deliver(self, now: Instant) -> None:
        """Send the chunks that are due; after the last one, end the stream and start the next."""
        stream = self._queue.current
        if stream is None:
            return
        if stream.watch is not None:
            self._end_reading(stream, self._watches.send_due(stream, now), now)
        elif self._sender.send_due(stream, now):
            self._delivered.add(stream)
            self._finish(stream, Outcome.SKIPPED if stream.active_delivery.skipped else Outcome.COMPLETED, now)
            self._start_next(now)

    def _end_reading(self, stream: StreamState, end: ReadingEnd | None, now: Instant) -> None:
        """End a live stream for this connection and start the next; ``None`` if it goes on."""
        if end is not None:
            if end is ReadingEnd.COMPLETE:
                self._delivered.add(stream)
            self._watches.detach(stream, end, now)
            self._remove(stream)
            self._deadlines.restart_idle(now.seconds)
            self._start_next(now)

    def advance(self, chunks: int) -> None:
        """That number of chunks of the last ``run`` was sent."""
        stream = self._queue.current
        assert stream is not None
        stream.active_delivery.advance(chunks)

    def finish_all(self, outcome: Outcome, now: Instant, error: StreamingError | None = None) -> None:
        for stream in self._queue:
            self._finish(stream, outcome, now, error)

    def _start_next(self, now: Instant) -> None:
        """Prepare or recover the first stream of the queue, if it is admitted and not started."""
        stream = self._queue.current
        if self.draining or stream is None or not stream.admitted or stream.dequeued_at is not None:
            return
        stream.dequeued_at = now.seconds
        message = stream.message
        if stream.watch is not None:
            self._watches.attach(stream, self._session.snapshot.live_key)
        elif isinstance(message, Recover):
            self._recover(stream, RecoveryTarget(stream.stream_id, message.last_index, digest_of(message.token)), now)
        elif stream.repeats is not None:
            self._recover(stream, RecoveryTarget(stream.stream_id, -1, None), now)
        else:
            self._prepare(stream, now)

    def _prepare(self, stream: StreamState, now: Instant) -> None:
        self._builder.request(effects.Prepare(stream.ticket, *self._preparation_of(stream, now)))

    def _preparation_of(self, stream: StreamState, now: Instant) -> tuple[StreamRequest, str, Trace, float]:
        seconds_left = self._session.seconds_left(now)
        return stream.request, stream.stream_id, stream.admitted_trace, seconds_left

    def _recover(self, stream: StreamState, target: RecoveryTarget, now: Instant) -> None:
        assert self._owner is not None
        stream.recovery = recover_stream(stream.ticket, target, self._owner, self._session.snapshot)
        self._continue_recovery(stream, None, now)

    def _finish(self, stream: StreamState, outcome: Outcome, now: Instant, error: StreamingError | None = None) -> None:
        """End the stream with its only outcome."""
        if stream.watch is not None:
            self._watches.finish(stream, outcome, now)
        self._remove(stream)
        self._deadlines.restart_idle(now.seconds)
        if stream.admission_recorded:
            self._builder.log.ended(stream, outcome, error, now.seconds)
        if outcome is not Outcome.TAKEN_OVER:
            status = StreamStatus.ACKNOWLEDGED if outcome is Outcome.CANCELLED else StreamStatus.ENDED
            self._sender.update_status(stream, status)

    def _remove(self, stream: StreamState) -> None:
        self._queue.remove(stream)
        self._builder.drop(stream.ticket)

    def _refuse_recovery(self, stream_id: str, reason: RefusalReason, now: Instant) -> None:
        self._builder.send(replies.recovery_refused(stream_id, reason, now))
        self._builder.log.recovery_refused(stream_id, reason)
