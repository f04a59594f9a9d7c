"""The streams of one connection: how each is asked for, made or recovered, delivered, controlled and ended."""

from typing import assert_never

from msgspec.structs import replace

from service.events import Outcome
from service.protocol.errors import InvalidMessage, NoActiveStream, RateLimitExceeded, StreamingError
from service.protocol.instant import Instant
from service.protocol.limits import Limits
from service.protocol.messages import Ack, ControlAction, Recover, RefusalReason, StreamRequest
from service.protocol.server_messages import Chunk, StreamCancelled, StreamPaused, StreamResumed, StreamSkipped
from service.session import replies
from service.session.deadlines import Deadlines
from service.session.delivered_streams import DeliveredStream, DeliveredStreams
from service.session.delivery import Delivery
from service.session.effects import Admit, Admittance, Failure, MarkSkip, Prepare, Recovery, TakeOver, UpdateStatus
from service.session.ports import Preparation
from service.session.queue import RequestQueue, StreamState
from service.session.records import Digest, SessionSnapshot, StreamStatus
from service.session.recovery import resumed
from service.session.source import PlanSource
from service.session.step_builder import StepBuilder
from service.session.tokens import claim_of, digest_of, owners_of
from service.session.validation import queue_full, refusal, refusal_by_store


class Streams:
    """One runs at a time, the others wait in order. Writes what it wants said and done into the draft."""

    __slots__ = ("_builder", "_deadlines", "_limits", "_owner", "_queue", "_receipts", "_snapshot", "draining")

    def __init__(
        self, snapshot: SessionSnapshot, owner: Digest | None, limits: Limits, deadlines: Deadlines, draft: StepBuilder
    ) -> None:
        """``owner`` is what the streams are stored under; ``None`` if they are not."""
        self._snapshot = snapshot
        self._owner = owner
        self._limits = limits
        self._deadlines = deadlines
        self._builder = draft
        self._queue = RequestQueue()
        self._receipts = DeliveredStreams()
        self.draining = False
        """Whether nothing new may begin."""

    @property
    def current(self) -> StreamState | None:
        """The stream that is processing or running."""
        return self._queue.current

    @property
    def idle(self) -> bool:
        """Whether nothing is processing or running."""
        entry = self._queue.current
        return entry is None or entry.dequeued_at is None

    @property
    def held(self) -> tuple[str, int] | None:
        """The stream under way and its epoch, if it is in the store."""
        entry = self._queue.current
        return (entry.stream_id, entry.epoch) if entry is not None and entry.delivery and entry.resumable else None

    @property
    def due_at(self) -> float | None:
        """When the next chunk may go, in monotonic seconds."""
        entry = self._queue.current
        if entry is None or entry.delivery is None or entry.paused or entry.marking_skip or self._deadlines.blocked:
            return None
        return entry.delivery.due_at

    # What clients ask for

    def request(self, request: StreamRequest, now: Instant) -> None:
        mistake = refusal(request, self._limits, queue_is_full=self._queue.full)
        if mistake is not None:
            self._reject(request, mistake)
            return
        entry = self._queue.join(request, now.seconds)
        claim = None if self._owner is None else claim_of(request, self._owner)
        self._builder.ask(Admit(entry.ticket, self._snapshot_at(now), request, claim))

    def recover(self, wish: Recover, now: Instant) -> None:
        if self._queue.full:
            self._builder.answer(queue_full(), stream_id=wish.stream_id)
        elif self._queue.has(wish.stream_id):
            self._refuse(wish.stream_id, RefusalReason.RUNNING, now)
        elif self._owner is None:
            self._refuse(wish.stream_id, RefusalReason.UNAVAILABLE, now)
        else:
            self._queue.join(wish, now.seconds)
            self._advance(now)

    def acknowledge(self, ack: Ack) -> None:
        entry = self._queue.current
        if entry is not None and entry.delivery is not None and entry.stream_id == ack.stream_id:
            sent = DeliveredStream(entry.delivery.index, epoch=None)
        else:
            known = self._receipts.find(ack.stream_id)
            if known is None:
                self._builder.answer(NoActiveStream("This connection has no such stream. Send no ack for it."))
                return
            sent = known
        if ack.index >= sent.chunks:
            self._builder.answer(InvalidMessage(f"index {ack.index} was not sent. Send that of a chunk that you have."))
        elif ack.index == sent.chunks - 1 and sent.epoch is not None:
            self._builder.ask(UpdateStatus(ack.stream_id, sent.epoch, StreamStatus.ACKNOWLEDGED))

    def control(self, action: ControlAction, now: Instant) -> None:
        entry = self._queue.current
        if entry is None:
            self._builder.answer(NoActiveStream(f"There is no stream to {action}. Send a stream_request first."))
            return
        match action:
            case ControlAction.PAUSE:
                self._builder.send(StreamPaused(now.timestamp))
                self._set_paused(entry, now, paused=True)
            case ControlAction.RESUME:
                self._builder.send(StreamResumed(now.timestamp))
                self._set_paused(entry, now, paused=False)
            case ControlAction.SKIP:
                self._builder.send(StreamSkipped(now.timestamp))
                if entry.paused:  # no chunk may follow stream_paused until stream_resumed
                    self._builder.send(StreamResumed(now.timestamp))
                    self._set_paused(entry, now, paused=False)
                if not entry.skip_wanted:
                    entry.skip_wanted = True
                    self._builder.journal.skip_requested(entry)
                    if entry.delivery is not None:
                        self._skip(entry, entry.delivery, now)
            case ControlAction.CANCEL:
                self._builder.send(StreamCancelled(now.timestamp))
                self._finish(entry, Outcome.CANCELLED, now)
                self._advance(now)
            case _:
                assert_never(action)
        self.deliver(now)

    # What effects have come to

    def admitted(self, ticket: int, admittance: Admittance, now: Instant) -> None:
        entry = self._queue.find(ticket)
        if entry is None:
            return
        admission = admittance.admission
        self._snapshot = replace(self._snapshot, requests_used=admission.requests_used)
        again = admission.repeats is not None and self._queue.has(admission.repeats)
        mistake = refusal_by_store(admission, self._limits, is_under_way=again)
        if mistake is None:
            entry.admit(admittance, now.seconds)
            if not entry.repeats:
                self._builder.journal.admitted(entry, admittance, self._limits)
        else:
            self._leave(entry)
            if isinstance(mistake, RateLimitExceeded):
                self._builder.journal.limited(self._limits.max_requests)
            self._reject(entry.request, mistake)
        self._advance(now)

    def prepared(self, ticket: int, preparation: Preparation, now: Instant) -> None:
        entry = self._queue.find(ticket)
        if entry is None:
            return
        plan = preparation.plan
        entry.resumable = preparation.resumable
        entry.delivery = Delivery(PlanSource(plan), plan.gap_seconds, now.seconds)
        self._builder.send(replies.stream_start(entry, preparation, now))
        self._builder.journal.started(entry, preparation)
        if entry.paused:
            self._note(entry, StreamStatus.PAUSED)
        self._set_off(entry, entry.delivery, now)

    def recovered(self, ticket: int, recovery: Recovery, now: Instant) -> None:
        entry = self._queue.find(ticket)
        if entry is None:
            return
        record, wish = recovery.record, entry.wish
        entry.take_over(recovery)
        if isinstance(wish, Recover):
            entry.delivery = resumed(recovery, wish.last_index, now.seconds)
            self._builder.send(replies.stream_recovered(entry, recovery, now))
        else:
            entry.delivery = resumed(recovery, -1, now.seconds)
            again = Preparation(recovery.plan, record.processing_seconds, resumable=True)
            self._builder.send(replies.stream_start(entry, again, now))
        self._builder.journal.recovered(entry, recovery, now.seconds)
        if entry.paused != record.paused:
            self._note(entry, StreamStatus.PAUSED if entry.paused else StreamStatus.RESUMED)
        self._set_off(entry, entry.delivery, now)

    def refused(self, ticket: int, reason: RefusalReason, now: Instant) -> None:
        """The stream cannot be taken over. A request that came again has its content with it, and begins anew."""
        entry = self._queue.find(ticket)
        if entry is None:
            return
        if entry.admittance is not None:
            entry.stream_id = entry.admittance.stream_id  # whoever asked first may be about to store it under the other
            self._builder.journal.admitted(entry, entry.admittance, self._limits)
            self._prepare(entry, now)
        else:
            self._leave(entry)
            self._refuse(entry.stream_id, reason, now)
            self._advance(now)

    def skip_marked(self, ticket: int, now: Instant, *, marked: bool) -> None:
        entry = self._queue.find(ticket)
        if entry is None:
            return
        entry.marking_skip = False
        if marked:
            entry.running.skip(now.seconds)
        else:
            entry.running.hurry(now.seconds)  # as it was cut, it is right whatever the store knows, and whose it is
        self.deliver(now)

    def failed(self, ticket: int, failure: Failure, now: Instant) -> None:
        entry = self._queue.find(ticket)
        if entry is None:
            return
        error = failure.error
        entry.failure = failure
        if not entry.admitted:
            self._builder.journal.rejected(entry.request, error)
        self._builder.answer(error, entry.request_id, entry)
        self._finish(entry, Outcome.ERROR if error.reportable else Outcome.REJECTED, now, error)
        self._advance(now)

    # On its way

    def deliver(self, now: Instant) -> None:
        """Send what is due, and what comes after it if that was the end."""
        entry = self._queue.current
        if entry is None or entry.delivery is None or entry.marking_skip or self._deadlines.blocked:
            return
        delivery = entry.delivery
        first = delivery.index
        for index, (data, close) in enumerate(delivery.take(now.seconds), first):
            self._builder.send(Chunk(data, index, now.timestamp, close))
        if first == 0 < delivery.index and entry.record is None and entry.dequeued_at is not None:
            waited = now.seconds - entry.dequeued_at - delivery.paused_seconds(now.seconds)
            self._builder.journal.first_chunk(entry, waited)
        if delivery.finished and not delivery.paused:
            duration = now.seconds - delivery.started_at
            self._builder.send(replies.stream_complete(entry, self._snapshot.session_id, duration, now))
            self._receipts.add(
                entry.stream_id, DeliveredStream(delivery.index, entry.epoch if entry.resumable else None)
            )
            self._finish(entry, Outcome.SKIPPED if delivery.skipped else Outcome.COMPLETED, now)
            self._advance(now)

    def finish_all(self, outcome: Outcome, now: Instant, error: StreamingError | None = None) -> None:
        for entry in self._queue:
            self._finish(entry, outcome, now, error)

    def _advance(self, now: Instant) -> None:
        """Begin the first of the line if it may begin."""
        entry = self._queue.current
        if self.draining or entry is None or not entry.admitted or entry.dequeued_at is not None:
            return
        entry.dequeued_at = now.seconds
        wish = entry.wish
        if isinstance(wish, Recover):
            self._take_over(entry, digest_of(wish.token), wish.last_index, now)
        elif entry.repeats:
            self._take_over(entry, None, -1, now)
        else:
            self._prepare(entry, now)

    def _prepare(self, entry: StreamState, now: Instant) -> None:
        snapshot, owners = self._snapshot_at(now), () if self._owner is None else owners_of(entry.request, self._owner)
        self._builder.ask(Prepare(entry.ticket, entry.request, entry.stream_id, entry.identity, snapshot, owners))

    def _take_over(self, entry: StreamState, presented: Digest | None, last_index: int, now: Instant) -> None:
        assert self._owner is not None
        snapshot = self._snapshot_at(now)
        self._builder.ask(TakeOver(entry.ticket, entry.stream_id, last_index, presented, self._owner, snapshot))

    def _set_off(self, entry: StreamState, delivery: Delivery, now: Instant) -> None:
        if entry.skip_wanted:
            self._skip(entry, delivery, now)
        if entry.paused:
            delivery.pause(now.seconds)
        self.deliver(now)

    def _skip(self, entry: StreamState, delivery: Delivery, now: Instant) -> None:
        """Before the first merged chunk goes out, the store must know where the stream was skipped."""
        if self._owner is None:
            delivery.skip(now.seconds)
        elif not entry.resumable:
            delivery.hurry(now.seconds)  # a store that did not answer may have it all the same
        elif not delivery.skipped:
            entry.marking_skip = True
            self._builder.ask(MarkSkip(entry.ticket, entry.stream_id, entry.identity, entry.epoch, delivery.index))

    def _set_paused(self, entry: StreamState, now: Instant, *, paused: bool) -> None:
        if entry.paused == paused:
            return
        entry.paused = paused
        if entry.delivery is not None:
            (entry.delivery.pause if paused else entry.delivery.resume)(now.seconds)
            self._builder.journal.pause_changed(entry)
            self._note(entry, StreamStatus.PAUSED if paused else StreamStatus.RESUMED)

    def _finish(self, entry: StreamState, outcome: Outcome, now: Instant, error: StreamingError | None = None) -> None:
        """The stream leaves the line, for good."""
        self._leave(entry)
        self._deadlines.heard(now.seconds)
        if entry.announced:
            self._builder.journal.ended(entry, outcome, error, now.seconds)
        if outcome is not Outcome.TAKEN_OVER:
            self._note(entry, StreamStatus.ACKNOWLEDGED if outcome is Outcome.CANCELLED else StreamStatus.ENDED)

    def _leave(self, entry: StreamState) -> None:
        self._queue.leave(entry)
        self._builder.drop(entry.ticket)

    def _note(self, entry: StreamState, change: StreamStatus) -> None:
        if entry.resumable:
            self._builder.ask(UpdateStatus(entry.stream_id, entry.epoch, change))

    def _snapshot_at(self, now: Instant) -> SessionSnapshot:
        return replace(self._snapshot, seconds_left=self._deadlines.session_ends_at - now.seconds)

    # Refusals

    def _reject(self, request: StreamRequest, error: StreamingError) -> None:
        self._builder.journal.rejected(request, error)
        self._builder.answer(error, request.request_id)

    def _refuse(self, stream_id: str, reason: RefusalReason, now: Instant) -> None:
        self._builder.send(replies.not_recovered(stream_id, reason, now))
        self._builder.journal.not_recovered(stream_id, reason)
